using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>
/// One batch gone through the model. A pair is an example of four sequences: both answers behind the prompt, and the judge's question in
/// both orders, which ends where the verdict would stand. Any other example is an anchor: plain weighted cross-entropy.
/// </summary>
internal sealed class ScirBatch
{
    /// <summary>Names of the numbers that a pair carries.</summary>
    public const string FirstReference = "reference/first", SecondReference = "reference/second", FixedLabel = "label", WarmUp = "warmup", Gold = "gold",
        JudgedAsGiven = "judged/as_given", JudgedSwapped = "judged/swapped";

    private const int SequencesOfPair = 4;
    private readonly TrainingBatch batch;
    private readonly int[] first, second, anchors, ends;
    private readonly double[] firstLength, secondLength;

    public ScirBatch(TrainingBatch batch)
    {
        this.batch = batch;
        Pairs = [.. batch.Examples.Where(IsPair)];
        (first, second, anchors) = (Unset(), Unset(), Unset());
        (firstLength, secondLength) = (new double[Pairs.Count], new double[Pairs.Count]);
        ends = new int[2 * Pairs.Count];
        int segment = 0, pair = 0;
        foreach (TrainingExample example in batch.Examples)
        {
            if (IsPair(example))
            {
                firstLength[pair] = Mark(first, segment, pair);
                secondLength[pair] = Mark(second, segment + 1, pair);
                for (int order = 0; order < 2; order++)
                    ends[2 * pair + order] = batch.Segments.Start(segment + 2 + order) + batch.Segments.Length(segment + 2 + order) - 1;
                pair++;
            }
            else
            {
                for (int s = 0; s < example.Sequences.Count; s++) Mark(anchors, segment + s, 0);
            }
            segment += example.Sequences.Count;
        }
    }

    /// <summary>Pairs in order.</summary>
    public IReadOnlyList<TrainingExample> Pairs { get; }

    /// <summary>Examples that are not pairs.</summary>
    public int Anchors => batch.Examples.Count - Pairs.Count;

    /// <summary>[pairs] a number that every pair carries.</summary>
    public double[] Column(string name, double absent = 0) => [.. Pairs.Select(p => p.Columns!.TryGetValue(name, out double value) ? value : absent)];

    /// <summary>
    /// What the loss is a function of: log-probabilities of all targets, [tokens], then the logit differences of the judge, two for each
    /// pair.
    /// </summary>
    public Tensor Forward(LanguageModel model, Tape tape, JudgePrompt judge, ForwardState? state)
    {
        Tensor hidden = model.Hidden(tape, batch, state);
        (Tensor logProbs, _) = PolicyHead.LogProbs(model, tape, hidden, batch.Targets);
        if (ends.Length == 0) return logProbs;
        Tensor logits = model.Logits(tape, tape.Rows(hidden, ends));
        Tensor difference = tape.Sub(tape.GatherLast(logits, Repeat(judge.FirstId)), tape.GatherLast(logits, Repeat(judge.SecondId)));
        return tape.Concat(0, tape.View(logProbs, logProbs.Count), tape.View(difference, difference.Count));
    }

    /// <summary>Scores of the pairs.</summary>
    /// <param name="values">What <see cref="Forward"/> gave.</param>
    public PairColumns Scores(Column values)
    {
        ColumnGraph graph = values.Graph;
        int tokens = batch.Tokens.Length;
        Column Ratio(int[] groups, string reference) => values.GroupSum(Padded(groups), Pairs.Count) - graph.Constant(Column(reference));
        bool isJudgedElsewhere = Pairs.Count > 0 && Pairs[0].Columns!.ContainsKey(JudgedAsGiven);
        Column Judged(int order) => isJudgedElsewhere
            ? graph.Constant(Column(order == 0 ? JudgedAsGiven : JudgedSwapped))
            : values.Pick([.. Enumerable.Range(0, Pairs.Count).Select(i => tokens + 2 * i + order)]);
        return new(Ratio(first, FirstReference), Ratio(second, SecondReference), firstLength, secondLength, Judged(0), Judged(1));
    }

    /// <summary>Weighted cross-entropy of all anchors, one number.</summary>
    public Column AnchorLoss(Column values)
    {
        double[] weights = new double[values.Length];
        for (int i = 0; i < batch.Tokens.Length; i++) weights[i] = anchors[i] >= 0 ? batch.Weights[i] : 0;
        return -(values * values.Graph.Constant(weights)).Sum();
    }

    private static bool IsPair(TrainingExample example) => example.Sequences.Count == SequencesOfPair;

    private int[] Unset()
    {
        int[] groups = new int[batch.Tokens.Length];
        Array.Fill(groups, -1);
        return groups;
    }

    private int Mark(int[] groups, int segment, int number)
    {
        int count = 0;
        for (int i = batch.Segments.Start(segment); i < batch.Segments.Start(segment) + batch.Segments.Length(segment); i++)
        {
            if (batch.Targets[i] < 0) continue;
            groups[i] = number;
            count++;
        }
        return count;
    }

    /// <summary>Groups of the tokens, and none for the judge's numbers behind them.</summary>
    private int[] Padded(int[] groups) => [.. groups, .. Enumerable.Repeat(-1, ends.Length)];

    private int[] Repeat(int id) => [.. Enumerable.Repeat(id, ends.Length)];
}
