using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// PPO: the clipped policy loss and, with a critic, the clipped value loss, over every target of the batch. Examples come from
/// <see cref="PpoPreparation"/>. Without a critic it is the update of REINFORCE++.
/// </summary>
/// <param name="model">The policy.</param>
/// <param name="head">The critic, or null.</param>
/// <param name="options">Settings.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class PpoObjective(LanguageModel model, ValueHead? head, PpoOptions options, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => head is null ? "reinforce++" : "ppo";

    /// <summary>That of the sampling: log-probabilities are those of the distribution the completions were drawn from, as in TRL.</summary>
    public double Temperature { get; init; } = 1;

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        Tensor hidden = model.Hidden(tape, batch, state);
        (Tensor logProbs, double[] entropy) = PolicyHead.LogProbs(model, tape, hidden, batch.Targets, Temperature);
        int[] kept = PolicyHead.Targets(batch.Targets).Rows;
        if (kept.Length == 0) return new(tape.Outer(logProbs, 0, new double[logProbs.Count]), 0);
        Tensor loss = PolicyLoss(tape, logProbs, batch, kept, metrics);
        if (head is not null) loss = tape.Add(loss, ValueLoss(tape, hidden, head, batch, kept, metrics));
        metrics.AddTokenMean("policy/entropy_avg", entropy, i => batch.Targets[i] >= 0);
        metrics.Count("num_tokens", batch.Tokens.Length);
        return new(loss, kept.Length);
    }

    private Tensor PolicyLoss(Tape tape, Tensor logProbs, TrainingBatch batch, int[] kept, MetricSums metrics)
    {
        double[] old = Kept(batch, PpoPreparation.Old, kept);
        ColumnGraph graph = new();
        Column policy = graph.Variable([.. kept.Select(i => (double)logProbs.Data[i])]);
        double[] advantages = Kept(batch, PpoPreparation.Advantage, kept);
        Column loss = PpoLoss.Policy(policy, old, advantages, options.Cliprange, options.DualClip) * kept.Length;
        graph.Backward(loss);
        AddRatioMetrics(metrics, [.. policy.Values.Zip(old, (p, o) => p - o)], advantages);
        metrics.Add("loss/policy_avg", loss.Values[0] / kept.Length, kept.Length);
        return tape.Outer(logProbs, loss.Values[0], Spread(policy.Gradients, kept, logProbs.Count));
    }

    private Tensor ValueLoss(Tape tape, Tensor hidden, ValueHead critic, TrainingBatch batch, int[] kept, MetricSums metrics)
    {
        Tensor values = critic.Values(tape, options.ShareTrunk ? hidden : tape.Detach(hidden));
        double[] old = Kept(batch, PpoPreparation.Value, kept), returns = Kept(batch, PpoPreparation.Return, kept);
        ColumnGraph graph = new();
        Column now = graph.Variable([.. kept.Select(i => (double)values.Data[i])]);
        Column loss = PpoLoss.Value(now, old, returns, options.CliprangeValue) * kept.Length;
        Column weighted = options.VfCoef * loss;
        graph.Backward(weighted);
        metrics.Add("loss/value_avg", loss.Values[0] / kept.Length, kept.Length);
        metrics.Add("val/clipfrac_avg", now.Values.Zip(old, (n, o) => Math.Abs(n - o) > options.CliprangeValue ? 1.0 : 0).Average(), kept.Length);
        return tape.Outer(values, weighted.Values[0], Spread(now.Gradients, kept, values.Count));
    }

    private void AddRatioMetrics(MetricSums metrics, double[] logRatios, double[] advantages)
    {
        int count = logRatios.Length;
        metrics.Add("policy/approxkl_avg", logRatios.Average(d => d * d / 2), count);
        // Where the clipped term is the larger one: only there does clipping stop the gradient.
        metrics.Add("policy/clipfrac_avg", logRatios.Zip(advantages, (d, a) => Math.Abs(Math.Exp(d) - 1) > options.Cliprange && a * d > 0 ? 1.0 : 0).Average(), count);
        metrics.Add("val/ratio", logRatios.Average(Math.Exp), count);
    }

    private static double[] Kept(TrainingBatch batch, string column, int[] kept)
    {
        double[] all = batch.TokenColumn(column);
        return [.. kept.Select(i => all[i])];
    }

    private static double[] Spread(double[] gradients, int[] kept, int count)
    {
        double[] all = new double[count];
        for (int i = 0; i < kept.Length; i++) all[kept[i]] = gradients[i];
        return all;
    }
}
