using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Models.Loading;

/// <summary>Keeps the matrices of a GGUF file in the few bits they are stored in, as far as there is a multiplication for their type.</summary>
internal static class QuantizedReading
{
    /// <summary>What the builder of a model asks for each matrix.</summary>
    public static FrozenWeights From(GgufFile file, ModelConfig config, bool precise) => (name, shape) =>
    {
        GgufPlace place = GgufNames.For(config, name);
        if (!file.Entries.TryGetValue(place.Name, out WeightEntry? entry) || TypeOf(entry.Type) is not { } type) return null;
        int rows = shape[0], width = shape[1];
        if (width % type.BlockSize() != 0 || !Fits(entry, place, rows, width)) return null; // reading it as a parameter reports what is wrong
        int rowBytes = (int)type.RowBytes(width);
        ReadOnlySpan<byte> all = file.Bytes(place.Name);
        ReadOnlySpan<byte> own = all.Slice((int)((long)Math.Max(0, place.Expert) * rows * rowBytes), rows * rowBytes);
        if (!GgufNames.StoresAdjacentPairs(config) || !WeightReading.IsRotated(name)) return new QuantizedMatrix(type, rows, width, own) { IsPrecise = precise };
        byte[] ordered = new byte[own.Length];
        for (int row = 0; row < rows; row++)
            own.Slice((int)RotaryOrder.AdjacentRow(row, config.HeadSize) * rowBytes, rowBytes).CopyTo(ordered.AsSpan(row * rowBytes));
        return new QuantizedMatrix(type, rows, width, ordered) { IsPrecise = precise };
    };

    private static bool Fits(WeightEntry entry, GgufPlace place, int rows, int width) => entry.Bytes <= int.MaxValue && (place.Expert < 0
        ? entry.Shape.SequenceEqual([rows, width])
        : entry.Shape.Count == 3 && place.Expert < entry.Shape[0] && entry.Shape[1] == rows && entry.Shape[2] == width);

    private static QuantType? TypeOf(WeightType type) => type switch
    {
        WeightType.Q8_0 => QuantType.Q8_0,
        WeightType.Q4_0 => QuantType.Q4_0,
        WeightType.Q4_1 => QuantType.Q4_1,
        WeightType.Q4_K => QuantType.Q4_K,
        WeightType.Q6_K => QuantType.Q6_K,
        WeightType.F16 => QuantType.F16,
        WeightType.BF16 => QuantType.BF16,
        _ => null,
    };
}
