namespace Hone.Inference;

/// <summary>How likely a token was, in the model's own distribution: before temperature, penalties and truncation.</summary>
/// <param name="LogProb">Natural logarithm of its probability; NaN for a prompt's first token, which nothing comes before.</param>
/// <param name="Top">The likeliest tokens at its place, best first; as many as were asked for.</param>
public sealed record TokenScore(float LogProb, IReadOnlyList<(int Token, float LogProb)> Top)
{
    /// <summary>The score of a token.</summary>
    /// <param name="logits">[V], unchanged.</param>
    /// <param name="token">The token.</param>
    /// <param name="top">Number of best tokens wanted.</param>
    internal static TokenScore Of(ReadOnlySpan<float> logits, int token, int top)
    {
        double sum = Sampling.Probabilities.LogSumExp(logits);
        return new TokenScore((float)(logits[token] - sum), top <= 0 ? [] : [.. Best(logits, top).Select(b => (b.Token, (float)(b.Logit - sum)))]);
    }

    /// <summary>The best few of many, best first; of equal ones the lower id.</summary>
    private static List<(int Token, float Logit)> Best(ReadOnlySpan<float> logits, int count)
    {
        List<(int Token, float Logit)> best = new(count + 1);
        for (int id = 0; id < logits.Length; id++)
        {
            if (best.Count == count && logits[id] <= best[^1].Logit) continue;
            int place = best.Count;
            while (place > 0 && best[place - 1].Logit < logits[id]) place--;
            best.Insert(place, (id, logits[id]));
            if (best.Count > count) best.RemoveAt(count);
        }
        return best;
    }
}
