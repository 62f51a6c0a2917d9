using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>
/// KTO. Each example holds the judged answer, and as its second sequence the same prompt with another row's answer, from which the KL
/// divergence is estimated; column <c>label</c> is 1 for good answers.
/// </summary>
/// <param name="model">The policy.</param>
/// <param name="options">Settings.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class KtoObjective(LanguageModel model, KtoOptions options, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "kto";

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        TrainingBatch answers = TrainingBatch.Of([.. batch.Examples.Select(e => e with { Sequences = [e.Sequences[0]] })]);
        bool[] good = [.. batch.Column("label").Select(l => l > 0)];
        double kl = options.LossType == "kto" ? Kl(tape, batch) : 0;
        Tensor hidden = model.Hidden(tape, answers, state);
        (Tensor logProbs, double[] entropy) = PolicyHead.LogProbs(model, tape, hidden, answers.Targets);
        ColumnGraph graph = new();
        Column tokens = graph.Variable(PolicyHead.Doubles(logProbs));
        Column sums = Sums(answers, tokens), ratios = sums - Sums(answers, graph.Constant(PairLayout.ReferenceOf(answers)));
        Column loss = KtoLoss.PerRow(ratios, good, kl, options).Mean();
        graph.Backward(loss);
        AddMetrics(metrics, good, sums.Values, [.. ratios.Values.Select(r => options.Beta * r)]);
        if (options.LossType == "kto") metrics.Add("kl", kl, good.Length);
        metrics.AddTokenMean("entropy", entropy, i => answers.Targets[i] >= 0);
        metrics.Count("num_tokens", answers.Tokens.Length);
        return new(tape.Outer(logProbs, loss.Values[0] * good.Length, [.. tokens.Gradients.Select(g => g * good.Length)]), good.Length);
    }

    /// <summary>rewards and logps of good and bad answers, and the margin where the batch has both.</summary>
    internal static void AddMetrics(MetricSums metrics, bool[] good, double[] logps, double[] rewards)
    {
        foreach ((bool isGood, string name) in ((bool, string)[])[(true, "chosen"), (false, "rejected")])
        {
            int[] rows = [.. Enumerable.Range(0, good.Length).Where(i => good[i] == isGood)];
            if (rows.Length == 0) continue;
            metrics.Add($"rewards/{name}", rows.Average(i => rewards[i]), rows.Length);
            metrics.Add($"logps/{name}", rows.Average(i => logps[i]), rows.Length);
        }
        int goods = good.Count(g => g);
        if (goods == 0 || goods == good.Length) return;
        double Mean(bool side) => Enumerable.Range(0, good.Length).Where(i => good[i] == side).Average(i => rewards[i]);
        metrics.Add("rewards/margins", Mean(true) - Mean(false), good.Length);
    }

    private double Kl(Tape tape, TrainingBatch batch)
    {
        TrainingBatch mismatched = TrainingBatch.Of([.. batch.Examples.Select(e => e with { Sequences = [e.Sequences[1]] })]);
        using Tape still = new(tape.Workers, tape.Memory, recording: false);
        (Tensor logProbs, _) = PolicyHead.LogProbs(model, still, model.Hidden(still, mismatched), mismatched.Targets);
        ColumnGraph graph = new();
        Column ratios = Sums(mismatched, graph.Constant(PolicyHead.Doubles(logProbs))) - Sums(mismatched, graph.Constant(PairLayout.ReferenceOf(mismatched)));
        return KtoLoss.Kl(ratios.Values);
    }

    /// <summary>[sequences] sums over the targets of each sequence.</summary>
    private static Column Sums(TrainingBatch batch, Column tokens)
    {
        int[] groups = new int[batch.Tokens.Length];
        for (int s = 0; s < batch.Segments.Count; s++)
            for (int i = batch.Segments.Start(s); i < batch.Segments.Start(s) + batch.Segments.Length(s); i++)
                groups[i] = batch.Targets[i] >= 0 ? s : -1;
        return tokens.GroupSum(groups, batch.Segments.Count);
    }
}
