using System.Numerics.Tensors;
using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="LagKvPolicy"/>.</summary>
public sealed record LagKvOptions
{
    /// <summary>First tokens that are always kept.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Sinks { get; init; } = 4;

    /// <summary>Tokens of a block; each block is judged by the one after it.</summary>
    [Limits(AtLeast = 2), Unit("tokens")]
    public int Lag { get; init; } = 128;

    /// <summary>Compare scores over blocks instead of ranks within each.</summary>
    public bool Across { get; init; }
}

/// <summary>
/// Keeps tokens whose keys and values spread most over channels, once scaled by the range of the block after theirs. Liang et al. 2025,
/// arXiv:2504.04704. Needs no queries.
/// </summary>
[Component("lagkv")]
public sealed class LagKvPolicy(LagKvOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new LagScorer(options);

    private sealed class LagScorer(LagKvOptions options) : ILayerScorer
    {
        public void Score(IKvView view, KvTarget target, float[][] scores)
        {
            for (int head = 0; head < scores.Length; head++)
            {
                Span<float> own = scores[head];
                if (own.Length < options.Sinks + 2 * options.Lag) Ramp(own);
                else Blocks(view.Keys(head), view.Values(head), view.Layer.HeadSize, own);
            }
        }

        /// <summary>Too short to compare blocks: newer tokens win.</summary>
        private void Ramp(Span<float> scores)
        {
            for (int slot = 0; slot < scores.Length; slot++)
                scores[slot] = slot < options.Sinks ? 1 : (float)(slot - options.Sinks) / (scores.Length - options.Sinks);
        }

        private void Blocks(float[] keys, float[] values, int size, Span<float> scores)
        {
            int lag = options.Lag, blocks = (scores.Length - options.Sinks) / lag;
            scores.Fill(1);
            float[] block = new float[lag], other = new float[lag];
            for (int b = 0; b < blocks - 1; b++)
            {
                int first = options.Sinks + b * lag;
                Spread(keys, size, first, block);
                Spread(values, size, first, other);
                TensorPrimitives.Add(block, other, block);
                TensorPrimitives.Multiply(block, 0.5f, block);
                Span<float> target = scores.Slice(first, lag);
                if (options.Across) block.CopyTo(target);
                else Ranks(block, target);
            }
        }

        /// <summary>Softmax over a block of the deviation over channels, each channel scaled by its range in the next block.</summary>
        private void Spread(float[] rows, int size, int first, float[] spread)
        {
            int lag = options.Lag;
            float[] low = new float[size], high = new float[size], scaled = new float[size];
            Array.Fill(low, float.PositiveInfinity);
            Array.Fill(high, float.NegativeInfinity);
            for (int t = first + lag; t < first + 2 * lag; t++)
            {
                TensorPrimitives.Min(low, rows.AsSpan(t * size, size), low);
                TensorPrimitives.Max(high, rows.AsSpan(t * size, size), high);
            }
            TensorPrimitives.Subtract(high, low, high);
            for (int t = 0; t < lag; t++)
            {
                TensorPrimitives.Subtract(rows.AsSpan((first + t) * size, size), low, scaled);
                TensorPrimitives.Divide(scaled, high, scaled);
                float mean = TensorPrimitives.Sum<float>(scaled) / size;
                TensorPrimitives.Subtract(scaled, mean, scaled);
                spread[t] = MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(scaled) / (size - 1));
            }
            TensorPrimitives.SoftMax<float>(spread, spread);
        }

        private static void Ranks(float[] block, Span<float> target)
        {
            int[] order = [.. Enumerable.Range(0, block.Length)];
            Array.Sort((float[])block.Clone(), order);
            for (int rank = 0; rank < order.Length; rank++) target[order[rank]] = (float)rank / block.Length;
        }
    }
}
