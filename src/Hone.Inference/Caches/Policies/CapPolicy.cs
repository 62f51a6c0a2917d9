using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="CapPolicy"/>.</summary>
public sealed record CapOptions
{
    /// <summary>How sharply likeness to the queries counts.</summary>
    [Limits(Above = 0)]
    public double Sharpness { get; init; } = 5;

    /// <summary>Positions to come whose mean rotation stands for future queries.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Future { get; init; } = 512;

    /// <summary>First tokens that are always kept and left out of the statistics.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Sinks { get; init; } = 4;

    /// <summary>Added to weights.</summary>
    [Limits(AtLeast = 0)]
    public double Epsilon { get; init; } = 1e-6;
}

/// <summary>
/// Keeps tokens whose values add directions that the others do not have, weighted by how much their keys are like the expected query:
/// w vᵀ(I + Σ w v vᵀ)⁻¹v.
/// </summary>
[Component("cap")]
public sealed class CapPolicy(CapOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new CapScorer(options, new QueryStatistics(layer, options.Sinks));

    private sealed class CapScorer(CapOptions options, QueryStatistics statistics) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> queries) => statistics.Observe(view, queries);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            double[] rotation = view.Layer.MeanRotation(view.NextPosition, options.Future);
            int size = view.Layer.HeadSize, group = view.Layer.Group;
            float largest = 0;
            for (int head = 0; head < scores.Length; head++)
            {
                int sinks = view.SlotsBefore(head, options.Sinks);
                double[] keys = [.. view.Keys(head).Skip(sinks * size).Select(k => (double)k)], values = [.. view.Values(head).Skip(sinks * size).Select(v => (double)v)];
                for (int g = 0; g < group; g++)
                {
                    double[] weights = Weights(statistics.Rotated(head * group + g, rotation).Mean, keys, size);
                    Cholesky capacity = Capacity(weights, values, size);
                    for (int slot = 0; slot < weights.Length; slot++)
                        scores[head][sinks + slot] += (float)(weights[slot] * capacity.Quadratic(values.AsSpan(slot * size, size)) / group);
                }
                if (scores[head].Length > sinks) largest = Math.Max(largest, TensorPrimitives.Max<float>(scores[head].AsSpan(sinks)));
            }
            for (int head = 0; head < scores.Length; head++) scores[head].AsSpan(0, view.SlotsBefore(head, options.Sinks)).Fill(largest + 1);
        }

        public ILayerScorer Fork() => new CapScorer(options, statistics.Fork());

        /// <summary>exp(τ cos) relative to the largest.</summary>
        private double[] Weights(double[] anchor, double[] keys, int size)
        {
            double norm = Math.Max(TensorPrimitives.Norm<double>(anchor), 1e-12);
            double[] weights = new double[keys.Length / size];
            for (int slot = 0; slot < weights.Length; slot++)
            {
                ReadOnlySpan<double> key = keys.AsSpan(slot * size, size);
                weights[slot] = options.Sharpness * Math.Clamp(TensorPrimitives.Dot(anchor, key) / norm / Math.Max(TensorPrimitives.Norm(key), 1e-12), -1, 1);
            }
            double most = weights.Length > 0 ? weights.Max() : 0;
            for (int slot = 0; slot < weights.Length; slot++) weights[slot] = Math.Exp(weights[slot] - most);
            return weights;
        }

        private Cholesky Capacity(double[] weights, double[] values, int size)
        {
            double[] matrix = new double[size * size];
            for (int slot = 0; slot < weights.Length; slot++)
            {
                ReadOnlySpan<double> value = values.AsSpan(slot * size, size);
                for (int i = 0; i < size; i++)
                {
                    Span<double> row = matrix.AsSpan(i * size, size);
                    TensorPrimitives.MultiplyAdd(value, (weights[slot] + options.Epsilon) * value[i], row, row);
                }
            }
            return new Cholesky(matrix, size, 1);
        }
    }
}
