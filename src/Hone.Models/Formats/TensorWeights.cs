using Hone.Core;
using Hone.Tensors;

namespace Hone.Models.Formats;

/// <summary>Between tensors in memory and tensors in files.</summary>
public static class TensorWeights
{
    /// <summary>A tensor to be written under a name, in any number format.</summary>
    public static WeightSource ToWeightSource(this Tensor tensor, string name, WeightType type = WeightType.F32)
    {
        int columns = Math.Max(1, tensor.Shape.Last);
        long[] shape = [.. Enumerable.Range(0, tensor.Shape.Rank).Select(i => (long)tensor.Shape[i])];
        return WeightSource.FromRows(name, type, shape, (first, rows, target) =>
            tensor.Data.Slice((int)first * columns, target.Length).CopyTo(target));
    }

    /// <summary>Fills a tensor from a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Its path, for errors.</param>
    /// <param name="name">Name in the file.</param>
    /// <param name="target">Takes the values, converted to fp32.</param>
    /// <exception cref="HoneException">No such tensor, or one of another size.</exception>
    public static void ReadTensor(this IWeightFile file, string path, string name, Tensor target)
    {
        if (!file.Entries.TryGetValue(name, out WeightEntry? entry))
            throw new HoneException($"{path}: no tensor '{name}'; the file belongs to another model, or was cut short.");
        if (entry.Count != target.Count)
            throw new HoneException($"{path}: '{name}' has shape [{string.Join(", ", entry.Shape)}], {target.Shape} expected.");
        file.ReadRows(name, 0, entry.Count / Math.Max(1, entry.Shape.Count == 0 ? 1 : entry.Shape[^1]), target.Data);
    }
}
