namespace Hone.Models.Formats;

/// <summary>
/// Which type each tensor of a GGUF file gets when a model is quantised. The rules are llama.cpp's, without its mixtures by layer:
/// norms and biases stay fp32, the output projection is kept at 6 bits or more, and a matrix whose rows do not fill blocks of
/// 256 gets the nearest type with blocks of 32.
/// </summary>
public static class GgufQuantization
{
    private const string Embedding = "token_embd.weight", Output = "output.weight";

    /// <summary>The type of one tensor.</summary>
    /// <param name="entry">Under its GGUF name.</param>
    /// <param name="target">Type asked for, plain or block.</param>
    /// <param name="tiedHead">Whether the token embedding is the output projection too (the file has no output.weight).</param>
    public static WeightType TypeFor(WeightEntry entry, WeightType target, bool tiedHead)
    {
        if (!IsMatrix(entry)) return WeightType.F32;
        bool output = entry.Name == Output || (tiedHead && entry.Name == Embedding);
        if (output && target.BitsPerElement() < WeightType.Q6_K.BitsPerElement()) target = WeightType.Q6_K;
        return Fitting(target, entry.Columns);
    }

    /// <summary>The number under <c>general.file_type</c> (enum llama_ftype) for a file of mostly this type; null when there is none.</summary>
    public static uint? FileType(WeightType type) => type switch
    {
        WeightType.F32 => 0,
        WeightType.F16 => 1,
        WeightType.Q4_0 => 2,
        WeightType.Q4_1 => 3,
        WeightType.Q8_0 => 7,
        WeightType.Q5_0 => 8,
        WeightType.Q5_1 => 9,
        WeightType.Q2_K => 10,
        WeightType.Q3_K => 11,
        WeightType.Q4_K => 14,
        WeightType.Q5_K => 16,
        WeightType.Q6_K => 18,
        WeightType.IQ4_NL => 25,
        WeightType.IQ4_XS => 30,
        WeightType.BF16 => 32,
        WeightType.TQ1_0 => 36,
        WeightType.TQ2_0 => 37,
        WeightType.MXFP4 => 38,
        _ => null,
    };

    /// <summary>The type itself when rows of <paramref name="columns"/> fill its blocks, else the nearest that fits.</summary>
    public static WeightType Fitting(WeightType type, long columns)
    {
        while (columns % type.BlockSize() != 0) type = Smaller(type);
        return type;
    }

    private static bool IsMatrix(WeightEntry entry) =>
        entry.Shape.Count >= 2 && entry.Name.EndsWith(".weight", StringComparison.Ordinal)
        && !entry.Name.EndsWith("norm.weight", StringComparison.Ordinal)
        && !entry.Name.EndsWith("ffn_gate_inp.weight", StringComparison.Ordinal) // routers are small and decide much
        && entry.Name is not ("position_embd.weight" or "token_types.weight");

    /// <summary>A type of about the same or more bits with smaller blocks.</summary>
    private static WeightType Smaller(WeightType type) => type switch
    {
        WeightType.Q2_K or WeightType.Q3_K or WeightType.IQ4_XS => WeightType.IQ4_NL,
        WeightType.TQ1_0 or WeightType.TQ2_0 => WeightType.Q4_0,
        WeightType.Q4_K => WeightType.Q5_0,
        WeightType.Q5_K => WeightType.Q5_1,
        WeightType.Q6_K => WeightType.Q8_0,
        _ => WeightType.F16,
    };
}
