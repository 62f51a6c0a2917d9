using System.Text.Json.Nodes;

namespace Hone.Core.Recipes;

/// <summary>One line of help about an option.</summary>
/// <param name="Path">Where it stands in the recipe, e.g. <c>train.lr</c>.</param>
/// <param name="Type">Its type.</param>
/// <param name="Aliases">Other names for the last part of the path.</param>
/// <param name="Expected">Type, unit and range in words.</param>
/// <param name="Limits">The range alone, in words; empty for none.</param>
/// <param name="Default">The default as JSON; null when the option is required or empty by default.</param>
/// <param name="IsRequired">Whether it has to be given.</param>
/// <param name="Description">The record's doc comment.</param>
public sealed record OptionHelp(
    string Path, Type Type, IReadOnlyList<string> Aliases, string Expected, string Limits, JsonNode? Default, bool IsRequired, string Description)
{
    /// <summary>The default as one types it; empty for none.</summary>
    public string DefaultText => Default switch
    {
        null => "",
        JsonValue value when value.TryGetValue(out string? text) => text,
        JsonArray list => string.Join(',', list.Select(item => item?.ToString())),
        _ => Default.ToJsonString(Jsonl.Compact),
    };

    /// <summary>A word for the kind of value: <c>N</c>, <c>TEXT</c>, <c>LIST</c>, or the choices.</summary>
    public string ValueName
    {
        get
        {
            Type plain = Nullable.GetUnderlyingType(Type) ?? Type;
            if (plain.IsEnum) return string.Join('|', ScalarBinder.EnumNames(plain));
            if (plain == typeof(TimeSpan)) return "DURATION";
            if (plain == typeof(string)) return "TEXT";
            if (CollectionBinder.ItemOfList(plain) is not null) return "LIST";
            return plain.IsPrimitive ? "N" : "VALUE";
        }
    }

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
            string limits = slot.Limits?.ToString() ?? "";
            JsonNode? value = values?[slot.Key]?.DeepClone();
            string expected = ScalarBinder.Expected(slot.Type, slot.Unit) + (limits.Length > 0 ? $", {limits}" : "");
            yield return new OptionHelp(path, slot.Type, slot.Aliases, expected, limits, value, slot.IsRequired, slot.Description);
        }
    }
}
