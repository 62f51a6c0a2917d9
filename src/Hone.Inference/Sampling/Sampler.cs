using System.Buffers;
using System.Numerics.Tensors;
using Hone.Core;

namespace Hone.Inference.Sampling;

/// <summary>Chooses tokens of one sequence: processors in order, then a draw from the sequence's own random stream.</summary>
/// <param name="options">How tokens are chosen.</param>
/// <param name="endIds">Tokens that end a text.</param>
/// <param name="promptLength">Length of the prompt.</param>
/// <param name="random">The sequence's own stream; each draw takes exactly one number, so the n-th token depends on (key, n).</param>
public sealed class Sampler(SamplingOptions options, IReadOnlyCollection<int> endIds, int promptLength, RandomStream random)
{
    private readonly IReadOnlyList<ILogitsProcessor> processors = options.Processors(endIds, promptLength);

    /// <summary>Chooses the next token.</summary>
    /// <param name="logits">[V]; changed.</param>
    /// <param name="tokens">Prompt and generated tokens.</param>
    /// <param name="constraint">Limits what may come, or null.</param>
    /// <exception cref="HoneException">The logits hold not-a-number or +infinity, or every token is forbidden.</exception>
    public int Next(Span<float> logits, ReadOnlySpan<int> tokens, ITokenConstraint? constraint = null)
    {
        Check(logits);
        constraint?.Mask(logits);
        TokenHistory history = new(tokens, promptLength);
        foreach (ILogitsProcessor processor in processors) processor.Apply(logits, history);
        int best = TensorPrimitives.IndexOfMax(logits);
        if (!float.IsFinite(logits[best])) throw new HoneException("every token is forbidden by the sampling options. Loosen the bans, n-gram rule or constraint.");
        return options.Temperature == 0 ? best : Draw(logits);
    }

    /// <summary>Inverse of the cumulative distribution at a uniform number, in the order of token ids.</summary>
    private int Draw(Span<float> logits)
    {
        double u = random.NextDouble();
        float[] rented = ArrayPool<float>.Shared.Rent(logits.Length);
        Span<float> weights = rented.AsSpan(0, logits.Length);
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), weights);
        TensorPrimitives.Exp(weights, weights);
        int chosen = Find(weights, u);
        ArrayPool<float>.Shared.Return(rented);
        return chosen;
    }

    /// <summary>Blocks first, then the tokens of one block: most of a vocabulary is passed over at vector speed.</summary>
    private static int Find(ReadOnlySpan<float> weights, double u)
    {
        const int Block = 256;
        int blocks = (weights.Length + Block - 1) / Block;
        Span<double> sums = blocks <= 1024 ? stackalloc double[blocks] : new double[blocks];
        double total = 0;
        for (int b = 0; b < blocks; b++) total += sums[b] = TensorPrimitives.Sum(weights[(b * Block)..Math.Min(weights.Length, (b + 1) * Block)]);
        double target = u * total, sum = 0;
        int block = 0;
        while (block + 1 < blocks && sum + sums[block] <= target) sum += sums[block++];
        int chosen = -1;
        for (int i = block * Block; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            chosen = i;
            if ((sum += weights[i]) > target) return i;
        }
        // Rounding left the sum below the target: the last possible token.
        return chosen >= 0 ? chosen : weights.LastIndexOfAnyExcept(0f);
    }

    private static void Check(ReadOnlySpan<float> logits)
    {
        // A sum is not a number or +infinity exactly when one of its terms is (finite logits are far too small to overflow).
        float sum = TensorPrimitives.Sum(logits);
        if (!float.IsNaN(sum) && !float.IsPositiveInfinity(sum)) return;
        foreach (float logit in logits)
            if (float.IsNaN(logit) || float.IsPositiveInfinity(logit))
                throw new HoneException($"the model's logits contain {logit}. Its weights are damaged, or training diverged.");
    }
}
