using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>Where the completions of pairs lie in a batch: each example has two sequences, the better one first.</summary>
internal sealed class PairLayout
{
    private readonly TrainingBatch batch;

    public PairLayout(TrainingBatch batch)
    {
        this.batch = batch;
        Pairs = batch.Examples.Count;
        (Chosen, Rejected) = (Groups(0), Groups(1));
        (ChosenLength, RejectedLength) = (Counts(Chosen), Counts(Rejected));
    }

    public int Pairs { get; }

    /// <summary>[tokens] number of the pair where the position predicts a token of a better completion, else −1.</summary>
    public int[] Chosen { get; }

    /// <summary>[tokens] the same for worse completions.</summary>
    public int[] Rejected { get; }

    /// <summary>[pairs] tokens.</summary>
    public double[] ChosenLength { get; }

    /// <summary>[pairs] tokens.</summary>
    public double[] RejectedLength { get; }

    /// <summary>[tokens] reference log-probabilities of the targets.</summary>
    public double[] Reference() => ReferenceOf(batch);

    /// <summary>[tokens] 1 up to the length of the shorter completion of a pair, then <paramref name="alpha"/>.</summary>
    public double[] LengthWeights(double alpha)
    {
        double[] weights = new double[batch.Tokens.Length];
        foreach (int[] groups in (int[][])[Chosen, Rejected])
        {
            int[] seen = new int[Pairs];
            for (int i = 0; i < groups.Length; i++)
                if (groups[i] is >= 0 and int pair) weights[i] = seen[pair]++ < Math.Min(ChosenLength[pair], RejectedLength[pair]) ? 1 : alpha;
        }
        return weights;
    }

    /// <summary>[tokens] 1 where the answers differ.</summary>
    public double[] Mask() => batch.TokenColumn(ConfidenceWeights.Differs);

    /// <summary>[tokens] log-probabilities with weights on tokens in which the answers differ.</summary>
    public Column Weighted(Column tokens, ConfidenceWeights confidence) =>
        confidence.Apply(tokens, new double[tokens.Length], Mask()).Policy;

    /// <summary>The scores of all pairs.</summary>
    /// <param name="tokens">[tokens] policy log-probabilities.</param>
    /// <param name="reference">[tokens] the reference's.</param>
    /// <param name="ldAlpha">LD-DPO's weight, or null.</param>
    /// <param name="confidence">Weights on tokens in which the answers differ, or null. Lengths and the likelihood of the chosen stay without them.</param>
    public PairScores Scores(Column tokens, double[] reference, double? ldAlpha, ConfidenceWeights? confidence = null)
    {
        ColumnGraph graph = tokens.Graph;
        (Column policy, double[] theirs) = confidence?.Apply(tokens, reference, Mask()) ?? (tokens, reference);
        Column fixedTokens = graph.Constant(theirs);
        if (ldAlpha is { } alpha)
        {
            Column weights = graph.Constant(LengthWeights(alpha));
            (policy, fixedTokens) = (policy * weights, fixedTokens * weights);
        }
        Column Sum(Column values, int[] groups) => values.GroupSum(groups, Pairs);
        Column nll = -tokens.GroupSum([.. Chosen.Select(c => c >= 0 ? 0 : -1)], 1) / Math.Max(1, ChosenLength.Sum());
        return new(
            Sum(policy, Chosen), Sum(policy, Rejected), Sum(fixedTokens, Chosen), Sum(fixedTokens, Rejected),
            graph.Constant(ChosenLength), graph.Constant(RejectedLength), nll);
    }

    /// <summary>[tokens] reference log-probability of each position's target; 0 where there is none.</summary>
    public static double[] ReferenceOf(TrainingBatch batch)
    {
        double[] values = new double[batch.Tokens.Length];
        int at = 0;
        foreach (TrainingSequence sequence in batch.Examples.SelectMany(e => e.Sequences))
        {
            float[] reference = sequence.Reference ?? throw new InvalidOperationException("reference log-probabilities were not computed");
            for (int i = 1; i < sequence.Ids.Length; i++) values[at + i - 1] = sequence.Weights[i] != 0 ? reference[i] : 0;
            at += sequence.Ids.Length;
        }
        return values;
    }

    private int[] Groups(int side)
    {
        int[] groups = new int[batch.Tokens.Length];
        Array.Fill(groups, -1);
        for (int segment = side; segment < batch.Segments.Count; segment += 2)
            for (int i = batch.Segments.Start(segment); i < batch.Segments.Start(segment) + batch.Segments.Length(segment); i++)
                if (batch.Targets[i] >= 0) groups[i] = segment / 2;
        return groups;
    }

    private double[] Counts(int[] groups)
    {
        double[] counts = new double[Pairs];
        foreach (int group in groups)
            if (group >= 0) counts[group]++;
        return counts;
    }
}
