using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>CPO, SimPO, AlphaPO: pairs without a reference policy.</summary>
/// <param name="model">The policy.</param>
/// <param name="options">Settings.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class CpoObjective(LanguageModel model, CpoOptions options, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => options.LossType == "simpo" ? "simpo" : "cpo";

    /// <summary>Weights on tokens in which the answers differ; the sequences then carry <see cref="ConfidenceWeights.Differs"/>.</summary>
    public ConfidenceWeights? Confidence { get; init; }

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        PairLayout layout = new(batch);
        Tensor hidden = model.Hidden(tape, batch, state);
        (Tensor logProbs, _) = PolicyHead.LogProbs(model, tape, hidden, batch.Targets);
        (double loss, double[] gradient) = Evaluate(layout, PolicyHead.Doubles(logProbs), options, metrics, Confidence);
        Confidence?.Log(batch, PolicyHead.Doubles(logProbs), metrics);
        return new(tape.Outer(logProbs, loss * layout.Pairs, [.. gradient.Select(g => g * layout.Pairs)]), layout.Pairs);
    }

    /// <summary>Mean loss over the pairs and its gradient with respect to the token log-probabilities.</summary>
    internal static (double Loss, double[] Gradient) Evaluate(PairLayout layout, double[] tokenLogProbs, CpoOptions options, MetricSums metrics, ConfidenceWeights? confidence = null)
    {
        ColumnGraph graph = new();
        Column tokens = graph.Variable(tokenLogProbs);
        PairScores scores = layout.Scores(tokens, new double[tokenLogProbs.Length], null, confidence);
        bool perToken = ReferenceFreeLosses.IsPerToken(options);
        Column chosen = perToken ? scores.Chosen / scores.ChosenLength : scores.Chosen;
        Column rejected = perToken ? scores.Rejected / scores.RejectedLength : scores.Rejected;
        (Column perPair, Column better, Column worse) = ReferenceFreeLosses.Cpo(chosen, rejected, options);
        Column loss = perPair.Mean() + options.CpoAlpha * scores.ChosenNll;
        graph.Backward(loss);
        metrics.AddRewards(better.Values, worse.Values);
        metrics.AddLogProbs(chosen.Values, rejected.Values);
        metrics.Add("nll_loss", options.CpoAlpha == 0 ? 0 : scores.ChosenNll.Values[0], layout.Pairs); // TRL does not compute it then
        return (loss.Values[0], tokens.Gradients);
    }
}
