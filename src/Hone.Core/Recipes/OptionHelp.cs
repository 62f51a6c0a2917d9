using System.Text.Json.Nodes;

namespace Hone.Core.Recipes;

/// <summary>One line of help about an option.</summary>
/// <param name="Path">Where it stands in the recipe, e.g. <c>train.lr</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="Aliases">Other names for the last part of the path.</param>
/// <param name="Expected">Type, unit and range in words.</param>
/// <param name="Default">The default as JSON; null when the option is required or empty by default.</param>
/// <param name="IsRequired">Whether it has to be given.</param>
/// <param name="Description">The record's doc comment.</param>
public sealed record OptionHelp(
    string Path, Type Type, IReadOnlyList<string> Aliases, string Expected, JsonNode? Default, bool IsRequired, string Description)
{
    /// <summary>Every option of a record, nested records opened, in the order of declaration.</summary>
    public static IReadOnlyList<OptionHelp> Of(Type type) => [.. Of(type, OptionsShape.Of(type).Default(), "")];

    private static IEnumerable<OptionHelp> Of(Type type, object? defaults, string prefix)
    {
        JsonObject? values = defaults is null ? null : RecipeWriter.ToJson(defaults);
        foreach (OptionSlot slot in OptionsShape.Of(type).Slots)
        {
            string path = prefix + slot.Key;
            if (OptionsShape.IsOptions(slot.Type))
            {
                object? nested = defaults is null ? null : slot.Property.GetValue(defaults);
                foreach (OptionHelp inner in Of(slot.Type, nested ?? OptionsShape.Of(slot.Type).Default(), path + ".")) yield return inner;
                continue;
            }
            string limits = slot.Limits is null ? "" : $", {slot.Limits}";
            JsonNode? value = values?[slot.Key]?.DeepClone();
            string expected = ScalarBinder.Expected(slot.Type, slot.Unit) + limits;
            yield return new OptionHelp(path, slot.Type, slot.Aliases, expected, value, slot.IsRequired, slot.Description);
        }
    }
}
