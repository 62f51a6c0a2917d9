using System.Numerics.Tensors;
using Hone.Core.Recipes;
using Hone.Models.Decoder;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="CriticalAllocator"/>.</summary>
public sealed record CriticalOptions
{
    /// <summary>Share of the budget that goes by score alone.</summary>
    [Limits(AtLeast = 0, AtMost = 1), Unit("share")]
    public double FirstStage { get; init; } = 0.5;

    /// <summary>Added to scores before they are multiplied.</summary>
    [Limits(AtLeast = 0)]
    public double Epsilon { get; init; } = 1e-4;

    /// <summary>Rank all heads of a layer together, each with at least <see cref="Safeguard"/> of its even budget.</summary>
    public bool HeadWise { get; init; }

    /// <summary>Share of its even budget that every head keeps at least.</summary>
    [Limits(AtLeast = 0, AtMost = 1), Unit("share")]
    public double Safeguard { get; init; } = 0.2;
}

/// <summary>
/// Half of the budget by score, the rest by score times the length (L1) of what the value becomes after the output projection, averaged
/// over the query heads. Feng et al. 2025 (CriticalKV), arXiv:2502.03805.
/// </summary>
[Component("critical")]
public sealed class CriticalAllocator(CriticalOptions options) : IKvAllocator
{
    private readonly Dictionary<LanguageModel, LinearLayer[]> outputs = [];

    public bool IsRagged => options.HeadWise;

    public KvSelection Select(KvScores scores, KvTarget target) => new([.. Enumerable.Range(0, scores.Layers).Select(layer => Layer(scores, layer, target.Kept))]);

    private int[][] Layer(KvScores scores, int layer, int kept)
    {
        int heads = scores.KvHeads(layer);
        int[] budgets = options.HeadWise
            ? new AdaKvAllocator(new AdaKvOptions { Safeguard = options.Safeguard }).Counts(scores, layer, kept)
            : [.. Enumerable.Repeat(kept, heads)];
        return [.. Enumerable.Range(0, heads).Select(head => Head(scores, layer, head, budgets[head]))];
    }

    private int[] Head(KvScores scores, int layer, int head, int budget)
    {
        int[] first = TopSlots.Of(scores[layer, head], (int)(budget * options.FirstStage));
        double[] lengths = Lengths(scores.Views[layer], head);
        float[] second = new float[lengths.Length];
        for (int slot = 0; slot < second.Length; slot++) second[slot] = (float)((scores[layer, head][slot] + options.Epsilon) * lengths[slot]);
        foreach (int slot in first) second[slot] = float.PositiveInfinity;
        return TopSlots.Of(second, budget);
    }

    private double[] Lengths(IKvView view, int head)
    {
        LinearLayer output = Output(view.Layer.Model, view.Layer.Index);
        int size = view.Layer.HeadSize, group = view.Layer.Group;
        float[] values = view.Values(head);
        double[] lengths = new double[values.Length / size];
        for (int g = 0; g < group; g++)
        {
            int column = (head * group + g) * size;
            for (int row = 0; row < output.Outputs; row++)
            {
                ReadOnlySpan<float> weights = output.Weight.Value.Data.Slice(row * output.Inputs + column, size);
                for (int slot = 0; slot < lengths.Length; slot++) lengths[slot] += Math.Abs(TensorPrimitives.Dot(weights, values.AsSpan(slot * size, size))) / group;
            }
        }
        return lengths;
    }

    private LinearLayer Output(LanguageModel model, int layer)
    {
        lock (outputs)
        {
            if (!outputs.TryGetValue(model, out LinearLayer[]? found))
                outputs[model] = found = [.. model.LinearLayers.Where(l => l.Name.EndsWith("attn.o_proj", StringComparison.Ordinal) || l.Name.EndsWith("attn.c_proj", StringComparison.Ordinal))];
            return found[layer];
        }
    }
}
