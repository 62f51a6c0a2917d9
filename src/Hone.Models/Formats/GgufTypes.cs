namespace Hone.Models.Formats;

/// <summary>The numbers GGUF uses for number formats (enum ggml_type).</summary>
public static class GgufTypes
{
    private static readonly (uint Id, WeightType Type)[] Known =
    [
        (0, WeightType.F32), (1, WeightType.F16), (2, WeightType.Q4_0), (3, WeightType.Q4_1), (6, WeightType.Q5_0), (7, WeightType.Q5_1),
        (8, WeightType.Q8_0), (9, WeightType.Q8_1), (10, WeightType.Q2_K), (11, WeightType.Q3_K), (12, WeightType.Q4_K),
        (13, WeightType.Q5_K), (14, WeightType.Q6_K), (15, WeightType.Q8_K), (16, WeightType.IQ2_XXS), (17, WeightType.IQ2_XS),
        (18, WeightType.IQ3_XXS), (19, WeightType.IQ1_S), (20, WeightType.IQ4_NL), (21, WeightType.IQ3_S), (22, WeightType.IQ2_S),
        (23, WeightType.IQ4_XS), (24, WeightType.I8), (25, WeightType.I16), (26, WeightType.I32), (27, WeightType.I64),
        (28, WeightType.F64), (29, WeightType.IQ1_M), (30, WeightType.BF16), (34, WeightType.TQ1_0), (35, WeightType.TQ2_0),
        (39, WeightType.MXFP4), (40, WeightType.NVFP4),
    ];

    private static readonly Dictionary<uint, WeightType> ById = Known.ToDictionary(pair => pair.Id, pair => pair.Type);
    private static readonly Dictionary<WeightType, uint> ByType = Known.ToDictionary(pair => pair.Type, pair => pair.Id);

    /// <summary>The type of a number in a file, or null when it is not known.</summary>
    public static WeightType? Parse(uint id) => ById.TryGetValue(id, out WeightType type) ? type : null;

    /// <summary>The number of a type, or null when GGUF has none (unsigned integers, truth values, 8-bit floats).</summary>
    public static uint? IdOf(WeightType type) => ByType.TryGetValue(type, out uint id) ? id : null;
}
