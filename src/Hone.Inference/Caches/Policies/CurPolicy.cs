using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>What <see cref="CurPolicy"/> weighs tokens by.</summary>
public enum CurWeight
{
    /// <summary>Key times value.</summary>
    Product,

    /// <summary>Mean of both.</summary>
    Mean,

    /// <summary>Keys alone.</summary>
    Keys,

    /// <summary>Values alone.</summary>
    Values,
}

/// <summary>Options of <see cref="CurPolicy"/>.</summary>
public sealed record CurOptions
{
    /// <summary>First tokens that are always kept.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Sinks { get; init; } = 4;

    /// <summary>What tokens are weighed by.</summary>
    public CurWeight Weight { get; init; }

    /// <summary>Compare within windows of this many tokens; 0 over all.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Window { get; init; } = 16;
}

/// <summary>Keeps tokens with long keys and values compared to their neighbours: leverage scores, approximately. Sengupta et al. 2025, arXiv:2509.15038.</summary>
[Component("cur")]
public sealed class CurPolicy(CurOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new CurScorer(options);

    private sealed class CurScorer(CurOptions options) : ILayerScorer
    {
        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            for (int head = 0; head < scores.Length; head++)
            {
                double[] keys = Squares(view.Keys(head), view.Layer.HeadSize), values = Squares(view.Values(head), view.Layer.HeadSize);
                double[] weights = [.. keys.Zip(values, (k, v) => options.Weight switch
                {
                    CurWeight.Keys => k,
                    CurWeight.Values => v,
                    CurWeight.Mean => (k + v) / 2,
                    _ => k * v,
                })];
                double sum = weights.Sum();
                int sinks = view.SlotsBefore(head, options.Sinks);
                for (int slot = 0; slot < weights.Length; slot++) scores[head][slot] = slot < sinks ? 1 : (float)(weights[slot] / sum);
            }
        }

        private double[] Squares(float[] rows, int size)
        {
            double[] squares = [.. Enumerable.Range(0, rows.Length / size).Select(t => (double)TensorPrimitives.SumOfSquares<float>(rows.AsSpan(t * size, size)))];
            for (int first = 0; options.Window > 0 && first < squares.Length; first += options.Window)
            {
                Span<double> window = squares.AsSpan(first, Math.Min(options.Window, squares.Length - first));
                TensorPrimitives.Divide(window, TensorPrimitives.Sum<double>(window), window);
            }
            return squares;
        }
    }
}
