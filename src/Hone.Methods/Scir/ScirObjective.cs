using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>
/// The loss of a step: L = mean over pairs of γ·L_c + 1[consistent]·L_DPO, where labels and the indicator are taken from the model as it
/// is now and carry no gradient; anchors add their cross-entropy.
/// </summary>
/// <param name="model">The policy, which is also the judge.</param>
/// <param name="judge">How it is asked to judge.</param>
/// <param name="options">Settings.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class ScirObjective(LanguageModel model, JudgePrompt judge, ScirLossOptions options, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };
    private readonly IReadOnlyList<IInternalReward> rewards = InternalRewards.Create(options.Rewards, options.Beta, options.LengthPenalty);

    public string Name => "scir";

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        ScirBatch rows = new(batch);
        Tensor forward = rows.Forward(model, tape, judge, state);
        ColumnGraph graph = new();
        Column values = graph.Variable(PolicyHead.Doubles(forward));
        Column loss = graph.Constant(0);
        if (rows.Pairs.Count > 0) loss += PairLoss(rows, rows.Scores(values), metrics);
        if (rows.Anchors > 0)
        {
            Column anchor = rows.AnchorLoss(values);
            metrics.Add("anchor_loss", anchor.Values[0] / rows.Anchors, rows.Anchors);
            loss += options.AnchorWeight * anchor;
        }
        graph.Backward(loss);
        metrics.Count("num_tokens", batch.Tokens.Length);
        return new(tape.Outer(forward, loss.Values[0], values.Gradients), batch.Examples.Count);
    }

    /// <summary>The sum over pairs.</summary>
    private Column PairLoss(ScirBatch rows, PairColumns scores, MetricSums metrics)
    {
        PairPreference[] preferences = [.. rewards.Select(r => options.Freeze == r.Name ? r.Of(scores).Detached : r.Of(scores))];
        double[][] p = [.. preferences.Select(x => x.First)];
        double[] warmUp = rows.Column(ScirBatch.WarmUp), given = rows.Column(ScirBatch.FixedLabel);
        int[] agreed = ConsistencySelector.Select(p, options.Select, options.Tau);
        int[] labels = Labels(p, agreed, warmUp, given);
        ColumnGraph graph = scores.FirstRatio.Graph;
        // A pair whose better answer is known teaches by that alone.
        Column penalised = graph.Constant([.. given.Select(g => g != 0 ? 0.0 : options.Gamma)]);
        Column penalty = ConsistencyPenalty.Of(options.Penalty, preferences, options.Eta);
        Column margin = options.Beta * (scores.FirstRatio - scores.SecondRatio) * graph.Constant([.. labels.Select(l => (double)l)]);
        Column dpo = -margin.LogSigmoid() * graph.Constant([.. labels.Select(l => l == 0 ? 0.0 : 1)]);
        ScirMetrics.Add(metrics, rewards, p, agreed, labels, rows, scores, penalty.Values, dpo.Values);
        return (penalised * penalty + dpo).Sum();
    }

    private int[] Labels(double[][] p, int[] agreed, double[] warmUp, double[] given)
    {
        int[] labels = new int[agreed.Length];
        int judgeAt = IndexOf("judge"), implicitAt = options.Rewards.ToList().FindIndex(n => n.StartsWith("implicit", StringComparison.Ordinal));
        for (int i = 0; i < labels.Length; i++)
        {
            if (given[i] != 0) labels[i] = Math.Sign(given[i]);
            else if (options.Labels == LabelSource.Implicit && warmUp[i] == 0) labels[i] = Side(p[Math.Max(0, implicitAt)][i]);
            else if (options.Labels == LabelSource.Judge || warmUp[i] != 0) labels[i] = Side(p[Math.Max(0, judgeAt)][i]);
            else labels[i] = agreed[i];
        }
        return labels;
    }

    private int IndexOf(string name) => options.Rewards.ToList().IndexOf(name);

    private static int Side(double p) => p > 0.5 ? 1 : p < 0.5 ? -1 : 0;
}
