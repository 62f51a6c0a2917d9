namespace Hone.Models.Formats;

/// <summary>The names safetensors uses for number formats.</summary>
public static class SafetensorsTypes
{
    /// <summary>In the reference library's order, by which it sorts tensors in a file: widest last.</summary>
    private static readonly (string Name, WeightType Type)[] Known =
    [
        ("BOOL", WeightType.Bool), ("U8", WeightType.U8), ("I8", WeightType.I8), ("F8_E5M2", WeightType.F8_E5M2), ("F8_E4M3", WeightType.F8_E4M3),
        ("I16", WeightType.I16), ("U16", WeightType.U16), ("F16", WeightType.F16), ("BF16", WeightType.BF16),
        ("I32", WeightType.I32), ("U32", WeightType.U32), ("F32", WeightType.F32),
        ("F64", WeightType.F64), ("I64", WeightType.I64), ("U64", WeightType.U64),
    ];

    private static readonly Dictionary<string, WeightType> ByName = Known.ToDictionary(pair => pair.Name, pair => pair.Type);
    private static readonly Dictionary<WeightType, string> ByType = Known.ToDictionary(pair => pair.Type, pair => pair.Name);

    /// <summary>All names that can be read and written.</summary>
    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>The type of a name, or null when it is not known.</summary>
    public static WeightType? Parse(string name) => ByName.TryGetValue(name, out WeightType type) ? type : null;

    /// <summary>The name of a type, or null when safetensors has none for it (block formats).</summary>
    public static string? NameOf(WeightType type) => ByType.GetValueOrDefault(type);

    /// <summary>Place of a type in the order in which a file holds its tensors, which is descending.</summary>
    internal static int Rank(WeightType type) => Array.FindIndex(Known, pair => pair.Type == type);
}
