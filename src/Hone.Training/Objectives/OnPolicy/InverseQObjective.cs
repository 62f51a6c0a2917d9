using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// Inverse-Q* on sampled completions, one sequence an example, with reference log-probabilities and the column <see cref="Estimate"/>. See
/// <see cref="InverseQLoss"/>; its third form, the whole distribution, is <see cref="DistillationObjective"/> with β = 1.
/// </summary>
/// <param name="model">The policy.</param>
/// <param name="imitation">regress or pg.</param>
/// <param name="beta">Strength of the pull to the reference.</param>
/// <param name="clip">Bound of rewards in units of beta.</param>
/// <param name="epsilon">pg: bound of the ratio.</param>
/// <param name="perSequence">Mean over completions of their means, instead of the mean over all tokens.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class InverseQObjective(
    LanguageModel model, RewardImitation imitation, double beta, double clip, double epsilon = 0.2, bool perSequence = false, bool recompute = false) : IObjective
{
    /// <summary>Column of the sequences: log π̃* of each sampled token.</summary>
    public const string Estimate = "estimate";

    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "inverse-q";

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        (Tensor logProbs, double[] entropy) = PolicyHead.LogProbs(model, tape, model.Hidden(tape, batch, state), batch.Targets);
        int[] rows = new int[batch.Tokens.Length];
        for (int s = 0; s < batch.Segments.Count; s++)
            for (int i = batch.Segments.Start(s); i < batch.Segments.Start(s) + batch.Segments.Length(s); i++)
                rows[i] = batch.Targets[i] >= 0 ? s : -1;
        double[] values = PolicyHead.Doubles(logProbs), reference = PairLayout.ReferenceOf(batch), estimate = batch.TokenColumn(Estimate);
        (double sum, double weight, double[] gradient) = Evaluate(values, values, reference, estimate, rows, batch.Segments.Count);
        double[] rewards = InverseQLoss.Rewards(estimate, reference, beta, clip);
        metrics.AddTokenMean("reward", rewards, i => rows[i] >= 0);
        metrics.AddTokenMean("inverse_q/clip_ratio", [.. rewards.Select(r => Math.Abs(r) >= clip * beta ? 1.0 : 0)], i => rows[i] >= 0);
        metrics.AddTokenMean("inverse_q/estimate_logps", estimate, i => rows[i] >= 0);
        metrics.AddTokenMean("kl", [.. values.Zip(reference, (p, r) => p - r)], i => rows[i] >= 0);
        metrics.AddTokenMean("entropy", entropy, i => rows[i] >= 0);
        metrics.Count("num_tokens", batch.Tokens.Length);
        return new(tape.Outer(logProbs, sum, gradient), weight);
    }

    /// <summary>Sum, what it is divided by, and its gradient with respect to the policy's log-probabilities.</summary>
    /// <param name="policy">[tokens].</param>
    /// <param name="old">[tokens] when the tokens were sampled.</param>
    /// <param name="reference">[tokens].</param>
    /// <param name="estimate">[tokens].</param>
    /// <param name="rows">[tokens] number of the completion, or −1.</param>
    /// <param name="count">Completions.</param>
    internal (double Sum, double Weight, double[] Gradient) Evaluate(double[] policy, double[] old, double[] reference, double[] estimate, int[] rows, int count)
    {
        ColumnGraph graph = new();
        Column tokens = graph.Variable(policy);
        double[] rewards = InverseQLoss.Rewards(estimate, reference, beta, clip);
        Column perToken = imitation == RewardImitation.Pg
            ? InverseQLoss.PolicyGradient(tokens, old, reference, rewards, beta, epsilon) : InverseQLoss.Regress(tokens, reference, rewards, beta);
        Column sums = perToken.GroupSum(rows, count);
        double[] lengths = new double[count];
        foreach (int row in rows)
            if (row >= 0) lengths[row]++;
        Column total = (perSequence ? sums / graph.Constant([.. lengths.Select(l => Math.Max(1, l))]) : sums).Sum();
        graph.Backward(total);
        return (total.Values[0], perSequence ? lengths.Count(l => l > 0) : lengths.Sum(), tokens.Gradients);
    }
}
