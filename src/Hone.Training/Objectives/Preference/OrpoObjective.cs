using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>ORPO: the negative log-likelihood of the better row, prompt included, and the odds ratio of the two completions.</summary>
/// <param name="model">The policy.</param>
/// <param name="beta">λ, TRL's beta.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class OrpoObjective(LanguageModel model, double beta = 0.1, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "orpo";

    /// <summary>Weights on tokens in which the answers differ; the sequences then carry <see cref="ConfidenceWeights.Differs"/>.</summary>
    public ConfidenceWeights? Confidence { get; init; }

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        PairLayout layout = new(batch);
        int[] targets = WithChosenPrompts(batch, out int[] chosenRows);
        Tensor hidden = model.Hidden(tape, batch, state);
        (Tensor logProbs, _) = PolicyHead.LogProbs(model, tape, hidden, targets);
        (double loss, double[] gradient) = Evaluate(layout, PolicyHead.Doubles(logProbs), chosenRows, beta, metrics, Confidence);
        Confidence?.Log(batch, PolicyHead.Doubles(logProbs), metrics);
        return new(tape.Outer(logProbs, loss * layout.Pairs, [.. gradient.Select(g => g * layout.Pairs)]), layout.Pairs);
    }

    /// <summary>Mean loss over the pairs and its gradient with respect to the token log-probabilities.</summary>
    /// <param name="layout">Completions.</param>
    /// <param name="tokenLogProbs">[tokens].</param>
    /// <param name="chosenRows">[tokens] 0 for every position of a better row that predicts something, else −1.</param>
    /// <param name="beta">λ.</param>
    /// <param name="metrics">Receives TRL's metrics.</param>
    /// <param name="confidence">Weights in the odds ratio, or null; the likelihood stays without them.</param>
    internal static (double Loss, double[] Gradient) Evaluate(PairLayout layout, double[] tokenLogProbs, int[] chosenRows, double beta, MetricSums metrics, ConfidenceWeights? confidence = null)
    {
        ColumnGraph graph = new();
        Column tokens = graph.Variable(tokenLogProbs);
        Column weighted = confidence is null ? tokens : layout.Weighted(tokens, confidence);
        Column PerToken(int[] groups, double[] lengths) => weighted.GroupSum(groups, layout.Pairs) / graph.Constant(lengths);
        Column chosen = PerToken(layout.Chosen, layout.ChosenLength), rejected = PerToken(layout.Rejected, layout.RejectedLength);
        (Column perPair, Column odds, Column ratio) = ReferenceFreeLosses.Orpo(chosen, rejected, beta);
        Column nll = -tokens.GroupSum(chosenRows, 1) / chosenRows.Count(c => c >= 0);
        Column loss = nll + perPair.Mean();
        graph.Backward(loss);
        metrics.AddRewards([.. chosen.Values.Select(v => beta * v)], [.. rejected.Values.Select(v => beta * v)]);
        metrics.AddLogProbs(chosen.Values, rejected.Values);
        metrics.Add("nll_loss", nll.Values[0], layout.Pairs);
        metrics.Add("log_odds_ratio", ratio.Values.Average(), layout.Pairs);
        metrics.Add("log_odds_chosen", odds.Values.Average(), layout.Pairs);
        return (loss.Values[0], tokens.Gradients);
    }

    /// <summary>The batch's targets, and for better rows also every token of the prompt after the first.</summary>
    private static int[] WithChosenPrompts(TrainingBatch batch, out int[] chosenRows)
    {
        int[] targets = [.. batch.Targets];
        chosenRows = new int[targets.Length];
        Array.Fill(chosenRows, -1);
        for (int segment = 0; segment < batch.Segments.Count; segment += 2)
            for (int i = batch.Segments.Start(segment); i + 1 < batch.Segments.Start(segment) + batch.Segments.Length(segment); i++)
                (targets[i], chosenRows[i]) = (batch.Tokens[i + 1], 0);
        return targets;
    }
}
