namespace Hone.Models.Formats;

/// <summary>How the numbers of a stored tensor are laid out. Names follow safetensors and GGML.</summary>
public enum WeightType
{
    F64, F32, F16, BF16,
    I64, I32, I16, I8, U64, U32, U16, U8, Bool,
    F8_E4M3, F8_E5M2,
    Q8_0, Q4_0, Q4_1, Q5_0, Q5_1,
    Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K,
    IQ4_NL, IQ4_XS,
    IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ1_S, IQ1_M,
    TQ1_0, TQ2_0, MXFP4, NVFP4, Q8_1,
}

/// <summary>One stored tensor.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Number format.</param>
/// <param name="Shape">Row-major, outermost first (PyTorch's order: a linear layer is [out, in]), also for GGUF, which stores the reverse.</param>
/// <param name="Bytes">Size of the stored data in bytes.</param>
public sealed record WeightEntry(string Name, WeightType Type, IReadOnlyList<long> Shape, long Bytes)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Size of the last dimension; 1 for a scalar.</summary>
    public long Columns => Shape.Count == 0 ? 1 : Shape[^1];

    /// <summary>Rows of the tensor seen as a matrix of its last dimension: the product of the other dimensions.</summary>
    public long Rows => Shape.Take(Math.Max(0, Shape.Count - 1)).Aggregate(1L, (product, size) => checked(product * size));
}

/// <summary>
/// A memory-mapped file (or set of files) of named tensors: safetensors, sharded safetensors, GGUF or llama2.c. Reading is
/// thread-safe until disposal.
/// </summary>
public interface IWeightFile : IDisposable
{
    /// <summary>All tensors by name.</summary>
    IReadOnlyDictionary<string, WeightEntry> Entries { get; }

    /// <summary>The stored bytes of one tensor, straight from the mapping; valid until disposal.</summary>
    /// <exception cref="Hone.Core.HoneException">No such tensor, or it is larger than 2 GiB (read it by rows).</exception>
    ReadOnlySpan<byte> Bytes(string name);

    /// <summary>Rows [<paramref name="firstRow"/>, + <paramref name="rows"/>) of the tensor seen as a matrix of its last dimension, converted to fp32.</summary>
    /// <param name="name">Tensor name.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="target">[rows × last dimension] values.</param>
    void ReadRows(string name, long firstRow, long rows, Span<float> target);
}
