using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="ExpectedAttentionPolicy"/>.</summary>
public sealed record ExpectedAttentionOptions
{
    /// <summary>Positions to come whose mean rotation stands for future queries.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Future { get; init; } = 512;

    /// <summary>First tokens that are always kept and left out of the statistics.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Sinks { get; init; } = 4;

    /// <summary>Whether the spread of the queries counts, not their mean alone.</summary>
    public bool Covariance { get; init; } = true;

    /// <summary>Whether scores are multiplied by the length of the value.</summary>
    public bool ValueNorm { get; init; } = true;

    /// <summary>Added to scores before that.</summary>
    [Limits(AtLeast = 0)]
    public double Epsilon { get; init; }
}

/// <summary>
/// Keeps what future queries can be expected to attend to, if they are distributed like those so far: E exp(q·k) for a normal
/// distribution of q. Devoto et al. 2025, arXiv:2510.00636.
/// </summary>
[Component("expected_attention")]
public sealed class ExpectedAttentionPolicy(ExpectedAttentionOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new ExpectedScorer(options, new QueryStatistics(layer, options.Sinks));

    private sealed class ExpectedScorer(ExpectedAttentionOptions options, QueryStatistics statistics) : ILayerScorer
    {
        public void Observe(IKvView view, ReadOnlySpan<float> queries) => statistics.Observe(view, queries);

        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            double[] rotation = view.Layer.MeanRotation(view.NextPosition, options.Future);
            float largest = 0;
            for (int head = 0; head < scores.Length; head++)
            {
                int sinks = view.SlotsBefore(head, options.Sinks), size = view.Layer.HeadSize;
                double[] expected = Expected(view, head, sinks, rotation);
                float[] values = view.Values(head);
                for (int slot = sinks; slot < scores[head].Length; slot++)
                {
                    double score = expected[slot - sinks];
                    if (options.ValueNorm) score = (score + options.Epsilon) * TensorPrimitives.Norm(values.AsSpan(slot * size, size));
                    largest = Math.Max(largest, scores[head][slot] = (float)score);
                }
            }
            for (int head = 0; head < scores.Length; head++) scores[head].AsSpan(0, view.SlotsBefore(head, options.Sinks)).Fill(largest + 1);
        }

        public ILayerScorer Fork() => new ExpectedScorer(options, statistics.Fork());

        /// <summary>Softmax over the slots after the sinks, averaged over the query heads.</summary>
        private double[] Expected(IKvView view, int kvHead, int sinks, double[] rotation)
        {
            int group = view.Layer.Group, size = view.Layer.HeadSize;
            double[] keys = [.. view.Keys(kvHead).Skip(sinks * size).Select(k => (double)k)];
            double[] mean = new double[keys.Length / size], logits = new double[keys.Length / size];
            for (int g = 0; g < group && mean.Length > 0; g++)
            {
                Logits(view.Layer.Attention.Scale, statistics.Rotated(kvHead * group + g, rotation), keys, size, logits);
                TensorPrimitives.SoftMax<double>(logits, logits);
                TensorPrimitives.MultiplyAdd(logits, 1.0 / group, mean, mean);
            }
            return mean;
        }

        private void Logits(double scale, (double[] Mean, double[] Covariance) queries, double[] keys, int size, double[] logits)
        {
            for (int slot = 0; slot < logits.Length; slot++)
            {
                ReadOnlySpan<double> key = keys.AsSpan(slot * size, size);
                logits[slot] = scale * TensorPrimitives.Dot(queries.Mean, key);
                if (!options.Covariance) continue;
                double spread = 0;
                for (int i = 0; i < size; i++) spread += key[i] * TensorPrimitives.Dot(queries.Covariance.AsSpan(i * size, size), key);
                logits[slot] += scale * scale * spread / 2;
            }
        }
    }
}
