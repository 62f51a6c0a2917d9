namespace Hone.Models.Formats;

/// <summary>The names safetensors uses for number formats.</summary>
public static class SafetensorsTypes
{
    private static readonly Dictionary<string, WeightType> ByName = new(StringComparer.Ordinal)
    {
        ["F64"] = WeightType.F64,
        ["F32"] = WeightType.F32,
        ["F16"] = WeightType.F16,
        ["BF16"] = WeightType.BF16,
        ["I64"] = WeightType.I64,
        ["I32"] = WeightType.I32,
        ["I16"] = WeightType.I16,
        ["I8"] = WeightType.I8,
        ["U64"] = WeightType.U64,
        ["U32"] = WeightType.U32,
        ["U16"] = WeightType.U16,
        ["U8"] = WeightType.U8,
        ["BOOL"] = WeightType.Bool,
        ["F8_E4M3"] = WeightType.F8_E4M3,
        ["F8_E5M2"] = WeightType.F8_E5M2,
    };

    private static readonly Dictionary<WeightType, string> ByType = ByName.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>All names that can be read and written.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>The type of a name, or null when it is not known.</summary>
    public static WeightType? Parse(string name) => ByName.TryGetValue(name, out WeightType type) ? type : null;

    /// <summary>The name of a type, or null when safetensors has none for it (block formats).</summary>
    public static string? NameOf(WeightType type) => ByType.GetValueOrDefault(type);
}
