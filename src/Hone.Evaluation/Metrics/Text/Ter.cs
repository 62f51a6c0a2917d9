namespace Hone.Evaluation.Metrics.Text;

/// <summary>
/// Translation edit rate (Snover et al. 2006) as sacrebleu computes it after Tercom: word edits plus greedy shifts of blocks, per
/// reference word, in percent; may exceed 100.
/// </summary>
public sealed class Ter(TerSettings? settings = null)
{
    private const int MaxShiftLength = 10, MaxShiftDistance = 50, MaxCandidates = 1000;

    private readonly TerSettings settings = settings ?? new();

    /// <summary>One sentence; see <see cref="Corpus"/>.</summary>
    public (double Score, int Edits, double ReferenceLength) Sentence(string hypothesis, IReadOnlyList<string> references) => Corpus([hypothesis], [references]);

    /// <summary>Per sentence the reference with the fewest edits counts, and the mean length of its references; both are added up.</summary>
    public (double Score, int Edits, double ReferenceLength) Corpus(IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references)
    {
        int edits = 0;
        double length = 0;
        for (int s = 0; s < hypotheses.Count; s++)
        {
            string[] words = TerTokenizer.Words(hypotheses[s], settings);
            string[][] wanted = [.. references[s].Select(r => TerTokenizer.Words(r, settings))];
            edits += wanted.Min(w => Edits(words, w));
            length += wanted.Average(w => w.Length);
        }
        double rate = length > 0 ? edits / length : edits > 0 ? 1 : 0;
        return (100 * rate, edits, length);
    }

    private static int Edits(string[] hypothesis, string[] reference)
    {
        if (reference.Length == 0) return hypothesis.Length;
        TerEdits distance = new(reference);
        int shifts = 0, candidates = 0;
        while (BestShift(hypothesis, reference, distance, ref candidates) is { } shifted && candidates < MaxCandidates)
        {
            hypothesis = shifted;
            shifts++;
        }
        return shifts + distance.Distance(hypothesis);
    }

    /// <summary>
    /// The hypothesis after the shift that saves most edits, or null when none saves any. Among equals the longest block, then the
    /// leftmost, then the leftmost target wins.
    /// </summary>
    private static string[]? BestShift(string[] words, string[] reference, TerEdits distance, ref int candidates)
    {
        (int before, int[] aligned, bool[] referenceWrong, bool[] wordWrong) = distance.Align(words);
        (int Saved, int Length, int Start, int Target) best = (int.MinValue, 0, 0, 0);
        string[]? result = null;
        foreach ((int start, int there, int length) in Matches(words, reference))
        {
            if (!wordWrong.AsSpan(start, length).Contains(true) || !referenceWrong.AsSpan(there, length).Contains(true)) continue;
            if (aligned[there] >= start && aligned[there] < start + length) continue;
            int last = -1;
            for (int offset = -1; offset < length; offset++)
            {
                int target = there + offset < 0 ? 0 : aligned[there + offset] + 1;
                if (target == last) continue;
                last = target;
                string[] shifted = Shift(words, start, length, target);
                var candidate = (before - distance.Distance(shifted), length, -start, -target);
                candidates++;
                if (result is null || candidate.CompareTo(best) > 0) (best, result) = (candidate, shifted);
            }
            if (candidates >= MaxCandidates) break;
        }
        return best.Saved > 0 ? result : null;
    }

    private static IEnumerable<(int Start, int There, int Length)> Matches(string[] words, string[] reference)
    {
        for (int start = 0; start < words.Length; start++)
        {
            for (int there = Math.Max(0, start - MaxShiftDistance); there < Math.Min(reference.Length, start + MaxShiftDistance + 1); there++)
            {
                int room = Math.Min(MaxShiftLength, Math.Min(words.Length - start, reference.Length - there));
                for (int length = 1; length <= room && words[start + length - 1] == reference[there + length - 1]; length++) yield return (start, there, length);
            }
        }
    }

    private static string[] Shift(string[] words, int start, int length, int target)
    {
        string[] block = words[start..(start + length)];
        if (target < start) return [.. words[..target], .. block, .. words[target..start], .. words[(start + length)..]];
        if (target > start + length) return [.. words[..start], .. words[(start + length)..target], .. block, .. words[target..]];
        int end = Math.Min(words.Length, length + target);
        return [.. words[..start], .. words[(start + length)..end], .. block, .. words[end..]];
    }
}
