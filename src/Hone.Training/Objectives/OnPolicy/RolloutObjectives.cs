using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>What both objectives over sampled completions do: an example is one completion with a column <c>advantage</c>.</summary>
internal static class RolloutBatch
{
    /// <summary>The batch's log-probabilities as a rollout. The old policy is the present one unless the examples bring its log-probabilities.</summary>
    public static (Tensor LogProbs, Rollout Rollout) Read(LanguageModel model, Tape tape, TrainingBatch batch, ForwardState state, bool hasReference, double temperature, MetricSums metrics)
    {
        (Tensor logProbs, double[] entropy) = PolicyHead.LogProbs(model, tape, model.Hidden(tape, batch, state), batch.Targets, temperature);
        int[] rows = new int[batch.Tokens.Length];
        for (int s = 0; s < batch.Segments.Count; s++)
            for (int i = batch.Segments.Start(s); i < batch.Segments.Start(s) + batch.Segments.Length(s); i++)
                rows[i] = batch.Targets[i] >= 0 ? s : -1;
        metrics.Count("num_tokens", batch.Tokens.Length);
        ColumnGraph graph = new();
        return (logProbs, new(graph.Variable(PolicyHead.Doubles(logProbs)), rows, batch.Segments.Count, [.. batch.Column("advantage").Select(a => (double)a)])
        {
            Reference = hasReference ? PairLayout.ReferenceOf(batch) : null,
            Entropy = entropy,
            Old = batch.HasTokenColumn(PpoPreparation.Old) ? batch.TokenColumn(PpoPreparation.Old) : null,
        });
    }
}

/// <summary>GRPO and its variants.</summary>
/// <param name="model">The policy.</param>
/// <param name="options">Settings.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class GrpoObjective(LanguageModel model, GrpoOptions options, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "grpo";

    /// <summary>
    /// Do not run completions with advantage 0 through the model: without a KL or entropy term they add nothing to loss and gradient, and only
    /// count in what the sum is divided by. Metrics then tell of the completions that teach.
    /// </summary>
    public bool SkipsZeroAdvantages { get; init; }

    /// <summary>That of the sampling: log-probabilities are those of the distribution the completions were drawn from, as in TRL.</summary>
    public double Temperature { get; init; } = 1;

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        bool skips = SkipsZeroAdvantages && options.IsZeroWithoutAdvantage;
        TrainingExample[] teaching = [.. batch.Examples.Where(e => !skips || e.Columns!["advantage"] != 0)];
        if (teaching.Length == 0) return new(tape.Constant(Shape.Scalar, [0f], requiresGrad: true), GrpoLoss.Weight(batch.Segments.Count, Tokens(batch), options));
        (double skippedRows, double skippedTokens) = (batch.Segments.Count, Tokens(batch));
        if (teaching.Length < batch.Examples.Count) batch = TrainingBatch.Of(teaching);
        (skippedRows, skippedTokens) = (skippedRows - batch.Segments.Count, skippedTokens - Tokens(batch));
        (Tensor logProbs, Rollout rollout) = RolloutBatch.Read(model, tape, batch, state, options.Beta != 0, Temperature, metrics);
        (Column sum, double weight) = GrpoLoss.Compute(rollout, options, metrics);
        rollout.Policy.Graph.Backward(sum);
        if (skippedRows > 0) weight += GrpoLoss.Weight(skippedRows, skippedTokens, options);
        return new(tape.Outer(logProbs, sum.Values[0], rollout.Policy.Gradients), rollout.Tokens == 0 ? 0 : weight);
    }

    private static double Tokens(TrainingBatch batch) => batch.Targets.Count(t => t >= 0);
}

/// <summary>
/// REINFORCE: advantage times the log-probability of the whole completion, mean over completions. Williams 1992; the baseline is in the
/// advantage.
/// </summary>
/// <param name="model">The policy.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
/// <param name="name">What it is called in logs: rloo, reinforce.</param>
public sealed class RlooObjective(LanguageModel model, bool recompute = false, string name = "rloo") : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => name;

    /// <summary>That of the sampling: log-probabilities are those of the distribution the completions were drawn from, as in TRL.</summary>
    public double Temperature { get; init; } = 1;

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        (Tensor logProbs, Rollout rollout) = RolloutBatch.Read(model, tape, batch, state, hasReference: false, Temperature, metrics);
        Column sums = rollout.Policy.GroupSum(rollout.Row, rollout.Rows);
        Column loss = RlooLoss.PerRow(sums, sums.Values, rollout.Advantages, 0.2, 0.2).Sum();
        rollout.Policy.Graph.Backward(loss);
        metrics.Add("entropy", rollout.Mean(i => rollout.Entropy![i]), rollout.Tokens);
        return new(tape.Outer(logProbs, loss.Values[0], rollout.Policy.Gradients), rollout.Tokens == 0 ? 0 : rollout.Rows);
    }
}
