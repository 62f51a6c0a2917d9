using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>Direct preference optimisation with any of <see cref="PairLosses"/>. Examples carry reference log-probabilities.</summary>
/// <param name="model">The policy.</param>
/// <param name="options">Losses.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class DpoObjective(LanguageModel model, PreferenceOptions options, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    // Losses in which every pair stands alone; others look at all pairs, or all tokens, of a batch.
    private static readonly string[] PairByPair = ["sigmoid", "hinge", "ipo", "robust", "nca_pair", "sppo_hard", "apo_zero", "apo_down", "sigmoid_norm", "cdpo", "rdpo"];

    public string Name => "dpo";

    public bool IsConcurrent => model.IsConcurrent && AlsoLog is null && Confidence is null && !options.UseWeighting && options.LossTypes().All(PairByPair.Contains);

    /// <summary>Also log mean_token_accuracy, which needs the logits a second time.</summary>
    public bool LogsTokenAccuracy { get; init; }

    /// <summary>Weights on tokens in which the answers differ; the sequences then carry <see cref="ConfidenceWeights.Differs"/>.</summary>
    public ConfidenceWeights? Confidence { get; init; }

    /// <summary>Logs whatever else is of interest, from the scores (without token weights) and the batch.</summary>
    public Action<PairScores, TrainingBatch, MetricSums>? AlsoLog { get; init; }

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        PairLayout layout = new(batch);
        Tensor hidden = model.Hidden(tape, batch, state);
        (Tensor logProbs, double[] entropy) = PolicyHead.LogProbs(model, tape, hidden, batch.Targets);
        double[] values = PolicyHead.Doubles(logProbs), reference = layout.Reference();
        double[]? squares = options.UseWeighting ? HeadStatistics.LogSumSquares(model, tape, hidden, batch.Targets) : null;
        (double loss, double[] gradient, PairScores scores) = Evaluate(layout, values, reference, squares, options, Confidence);
        if (Confidence is not null)
        {
            metrics.Add("bmc/margins", scores.ChosenRatio.Values.Zip(scores.RejectedRatio.Values, (c, r) => options.Beta * (c - r)).Average(), layout.Pairs);
            Confidence.Log(batch, values, metrics);
            scores = layout.Scores(new ColumnGraph().Constant(values), reference, null); // the usual metrics, so that runs compare
        }
        metrics.AddRewards([.. scores.ChosenRatio.Values.Select(r => options.Beta * r)], [.. scores.RejectedRatio.Values.Select(r => options.Beta * r)]);
        metrics.AddLogProbs(scores.Chosen.Values, scores.Rejected.Values);
        metrics.AddTokenMean("entropy", entropy, i => batch.Targets[i] >= 0);
        if (HeadStatistics.MeanLogits(model, hidden, batch.Targets) is { } logits)
        {
            metrics.AddTokenMean("logits/chosen", logits, i => layout.Chosen[i] >= 0);
            metrics.AddTokenMean("logits/rejected", logits, i => layout.Rejected[i] >= 0);
        }
        if (LogsTokenAccuracy)
            metrics.AddTokenMean("mean_token_accuracy", [.. HeadStatistics.IsTop(model, tape, hidden, batch.Targets).Select(t => t ? 1.0 : 0)], i => layout.Chosen[i] >= 0);
        metrics.Count("num_tokens", batch.Tokens.Length);
        AlsoLog?.Invoke(scores, batch, metrics);
        return new(tape.Outer(logProbs, loss * layout.Pairs, [.. gradient.Select(g => g * layout.Pairs)]), layout.Pairs);
    }

    /// <summary>Mean loss over the pairs and its gradient with respect to the token log-probabilities.</summary>
    internal static (double Loss, double[] Gradient, PairScores Scores) Evaluate(
        PairLayout layout, double[] tokenLogProbs, double[] reference, double[]? logSumSquares, PreferenceOptions options, ConfidenceWeights? confidence = null)
    {
        ColumnGraph graph = new();
        Column tokens = graph.Variable(tokenLogProbs);
        PairScores scores = layout.Scores(tokens, reference, options.LdAlpha, confidence);
        Column loss = PairLosses.Total(scores, options, logSumSquares is null ? null : Weights(layout, tokens, logSumSquares));
        graph.Backward(loss);
        return (loss.Values[0], tokens.Gradients, scores);
    }

    /// <summary>WPO's weight of a pair: exp of the mean of log p − log Σ p² over each completion's tokens, both sides multiplied.</summary>
    private static Column Weights(PairLayout layout, Column tokens, double[] logSumSquares)
    {
        Column aligned = tokens.Detach() - tokens.Graph.Constant(logSumSquares);
        Column Mean(int[] groups, double[] lengths) => aligned.GroupSum(groups, layout.Pairs) / tokens.Graph.Constant(lengths);
        return (Mean(layout.Chosen, layout.ChosenLength) + Mean(layout.Rejected, layout.RejectedLength)).Exp();
    }
}
