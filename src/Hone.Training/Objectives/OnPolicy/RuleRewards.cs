using System.Text.RegularExpressions;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>Rewards that only look at a completion's form.</summary>
public static partial class RuleRewards
{
    /// <summary>
    /// 0 up to <paramref name="maxLength"/> less <paramref name="margin"/>, then falling evenly to −1 at the limit: Yu et al., "DAPO",
    /// arXiv:2503.14476, equation 13.
    /// </summary>
    public static double SoftOverlong(int length, int maxLength, int margin)
    {
        if (length <= maxLength - margin) return 0;
        return length <= maxLength ? (maxLength - margin - length) / (double)margin : -1;
    }

    /// <summary>The share of n-grams that were there before, times <paramref name="maxPenalty"/> (negative): Yeo et al., arXiv:2502.03373.</summary>
    public static double Repetition(ReadOnlySpan<int> ids, int size, double maxPenalty)
    {
        int total = ids.Length - size + 1;
        if (total <= 0) return 0;
        HashSet<string> seen = [];
        for (int i = 0; i < total; i++) seen.Add(string.Join(' ', ids.Slice(i, size).ToArray()));
        return (1 - seen.Count / (double)total) * maxPenalty;
    }

    /// <summary>1 where the completion starts with one closed <c>&lt;think&gt;</c> block, else 0.</summary>
    public static double ThinkFormat(string completion) => Think().IsMatch(completion) ? 1 : 0;

    [GeneratedRegex(@"^<think>(?!.*<think>)(.*?)</think>.*$", RegexOptions.Singleline)]
    private static partial Regex Think();
}

/// <summary>Pairs out of two sampled completions of each prompt: Guo et al., "Direct Language Model Alignment from Online AI Feedback", arXiv:2402.04792.</summary>
public static class OnlinePairs
{
    /// <summary>Completion i of the first half and of the second half belong to one prompt; the one with the higher reward is chosen, on equal rewards the first.</summary>
    /// <param name="rewards">[2 · prompts].</param>
    public static (int[] Chosen, int[] Rejected) Choose(IReadOnlyList<double> rewards)
    {
        int prompts = rewards.Count / 2;
        bool[] isFirst = [.. Enumerable.Range(0, prompts).Select(i => rewards[i] >= rewards[i + prompts])];
        return ([.. isFirst.Select((f, i) => f ? i : i + prompts)], [.. isFirst.Select((f, i) => f ? i + prompts : i)]);
    }
}
