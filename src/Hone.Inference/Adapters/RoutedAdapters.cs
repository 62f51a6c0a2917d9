using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Inference.Adapters;

/// <summary>One layer's adapters: each run of rows goes through its own.</summary>
internal sealed class RoutedLinear(AdapterRuns rows) : ILinearAdapter
{
    private readonly Dictionary<int, ILinearAdapter[]> adapters = [];

    public void Add(int number, ILinearAdapter[] parts) => adapters[number] = parts;

    public Tensor Apply(Tape tape, Tensor x, Tensor y, LinearLayer layer) =>
        RowRuns.Apply(tape, rows, y, (number, start, count, part) =>
        {
            if (!adapters.TryGetValue(number, out ILinearAdapter[]? own)) return part;
            Tensor input = count == x.Shape[0] ? x : tape.Slice(x, 0, start, count);
            return own.Aggregate(part, (result, adapter) => adapter.Apply(tape, input, result, layer));
        });
}

/// <summary>Likewise for the embedding.</summary>
internal sealed class RoutedEmbedding(AdapterRuns rows) : IEmbeddingAdapter
{
    private readonly Dictionary<int, IEmbeddingAdapter> adapters = [];

    public void Add(int number, IEmbeddingAdapter adapter) => adapters[number] = adapter;

    public Tensor Apply(Tape tape, ReadOnlySpan<int> ids, Tensor embedded, float scale)
    {
        int[] all = ids.ToArray();
        return RowRuns.Apply(tape, rows, embedded, (number, start, count, part) =>
            adapters.TryGetValue(number, out IEmbeddingAdapter? own) ? own.Apply(tape, all.AsSpan(start, count), part, scale) : part);
    }
}

internal static class RowRuns
{
    /// <summary>Applies <paramref name="part"/> (adapter, first row, rows, those rows) to each run and puts the results together.</summary>
    public static Tensor Apply(Tape tape, AdapterRuns rows, Tensor y, Func<int, int, int, Tensor, Tensor> part)
    {
        IReadOnlyList<(int Adapter, int Rows)> runs = rows.Runs;
        if (runs.Count == 0) return y; // nothing was announced: the base
        if (runs.Sum(r => r.Rows) != y.Shape[0]) throw new InvalidOperationException($"{y.Shape[0]} rows came through an adapted layer, {runs.Sum(r => r.Rows)} were announced.");
        if (runs.Count == 1) return part(runs[0].Adapter, 0, runs[0].Rows, y);
        Tensor[] parts = new Tensor[runs.Count];
        for (int i = 0, start = 0; i < parts.Length; start += runs[i++].Rows)
            parts[i] = part(runs[i].Adapter, start, runs[i].Rows, tape.Slice(y, 0, start, runs[i].Rows));
        return tape.Concat(0, parts);
    }
}
