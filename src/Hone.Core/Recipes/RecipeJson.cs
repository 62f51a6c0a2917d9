using System.Text.Json.Nodes;

namespace Hone.Core.Recipes;

/// <summary>Free-form values: a part of a recipe as JSON, by YAML's core rules for plain words and numbers.</summary>
internal static class RecipeJson
{
    public static JsonNode? Of(RecipeNode node) => node switch
    {
        RecipeMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key, Of(entry.Value)))),
        RecipeList list => new JsonArray([.. list.Items.Select(Of)]),
        RecipeScalar scalar => Scalar(scalar),
        _ => throw new ArgumentException($"Unknown node {node.GetType()}."),
    };

    /// <summary>Whether plain text would be read as something else than text, and so needs quotes.</summary>
    public static bool NeedsQuotes(string text) => text is "" or "~" or "null" || Plain(text) is not null;

    private static JsonNode? Scalar(RecipeScalar scalar)
    {
        if (scalar.Text is null) return null;
        return (scalar.IsQuoted ? null : Plain(scalar.Text)) ?? JsonValue.Create(scalar.Text);
    }

    private static JsonValue? Plain(string text) => text switch
    {
        "true" or "True" => JsonValue.Create(true),
        "false" or "False" => JsonValue.Create(false),
        _ when long.TryParse(text, out long whole) => JsonValue.Create(whole),
        _ when double.TryParse(text, out double number) && double.IsFinite(number) => JsonValue.Create(number),
        _ => null,
    };
}
