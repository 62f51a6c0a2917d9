using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Models.Loading;

/// <summary>Rounds the matrices of any file to 8 bits while loading, one at a time.</summary>
internal static class Int8Reading
{
    /// <summary>What the builder of a model asks for each matrix.</summary>
    /// <param name="read">Fills a weight in fp32.</param>
    /// <param name="precise">Inputs keep all their bits.</param>
    /// <param name="first">Asked before, for matrices that are in few bits already; null for none.</param>
    public static FrozenWeights From(Action<Parameter> read, bool precise, FrozenWeights? first = null) =>
        (name, shape) => first?.Invoke(name, shape) ?? (CanRound(name, shape) ? Round(read, name, shape, precise) : null);

    // Routers of experts are small and decide much.
    private static bool CanRound(string name, Shape shape) => shape.Rank == 2 && shape[1] % QuantType.Q8_0.BlockSize() == 0
        && !name.EndsWith("mlp.gate.weight", StringComparison.Ordinal) && !name.EndsWith("block_sparse_moe.gate.weight", StringComparison.Ordinal);

    private static QuantizedMatrix Round(Action<Parameter> read, string name, Shape shape, bool precise)
    {
        Tensor full = Tensor.Create(shape);
        read(new Parameter(name, full));
        byte[] blocks = new byte[QuantType.Q8_0.RowBytes(shape[1]) * shape[0]];
        try
        {
            BlockFormats.Quantize(WeightType.Q8_0, full.Data, blocks);
        }
        catch (HoneException error)
        {
            throw new HoneException($"{name}: {error.Message}", error);
        }
        return new QuantizedMatrix(QuantType.Q8_0, shape[0], shape[1], blocks) { IsPrecise = precise };
    }
}
