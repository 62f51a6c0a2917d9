using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core;

/// <summary>
/// One record of data: what a JSONL line or a table row becomes. Fields keep their JSON form, so conversations, lists and
/// numbers survive a round trip.
/// </summary>
/// <param name="Id">Stable name of the row; the <c>id</c> field where there is one, else <c>source:line</c>.</param>
/// <param name="Fields">Column name to value.</param>
/// <param name="Source">File the row came from, or the name of its generator.</param>
/// <param name="Line">1-based line in that file; 0 for generated rows.</param>
public sealed record Row(string Id, JsonObject Fields, string Source = "", long Line = 0)
{
    /// <summary>Whether the field exists and is not null.</summary>
    public bool Has(string field) => Fields.TryGetPropertyValue(field, out JsonNode? value) && value is not null;

    /// <summary>The field as text: strings as they are, numbers and booleans in their JSON spelling.</summary>
    /// <exception cref="HoneException">The field is missing, null, a list or an object.</exception>
    public string Text(string field) => OptionalText(field) ?? throw Missing(field);

    /// <summary>Like <see cref="Text"/>, but null where the field is missing or null.</summary>
    public string? OptionalText(string field)
    {
        if (!Fields.TryGetPropertyValue(field, out JsonNode? node) || node is null) return null;
        return node.GetValueKind() switch
        {
            JsonValueKind.String => node.GetValue<string>(),
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => node.ToJsonString(),
            _ => throw Error($"field '{field}' must be text, found {node.GetValueKind().ToString().ToLowerInvariant()}"),
        };
    }

    /// <summary>A copy with one field set.</summary>
    public Row With(string field, JsonNode? value)
    {
        JsonObject copy = (JsonObject)Fields.DeepClone();
        copy[field] = value;
        return this with { Fields = copy };
    }

    /// <summary>An error that names this row's place.</summary>
    public HoneException Error(string message) =>
        Line > 0 ? HoneException.At(Source, Line, message) : new HoneException($"row '{Id}': {message}");

    /// <summary>An error with this row's place in front, unless it names it already.</summary>
    public HoneException Placed(HoneException error) =>
        error.Message.StartsWith(Line > 0 ? Source : $"row '{Id}'", StringComparison.Ordinal) ? error : Error(error.Message);

    private HoneException Missing(string field) =>
        Error($"field '{field}' is missing. Fields here: {string.Join(", ", Fields.Select(f => f.Key))}.");
}
