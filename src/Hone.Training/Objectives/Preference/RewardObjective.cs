using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>
/// Trains a reward model on pairs: a score read off the last token's hidden state. Examples with a column <c>margin</c> ask for that
/// much difference.
/// </summary>
/// <param name="model">Backbone.</param>
/// <param name="score">[1, C] the head.</param>
/// <param name="centering">Coefficient that keeps rewards around 0; TRL's center_rewards_coefficient.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class RewardObjective(LanguageModel model, Parameter score, double centering = 0, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "rm";

    /// <summary>Rewards of whole sequences, [sequences, 1].</summary>
    public static Tensor Scores(LanguageModel model, Parameter score, Tape tape, TrainingBatch batch, ForwardState? state = null)
    {
        int[] last = [.. Enumerable.Range(0, batch.Segments.Count).Select(s => batch.Segments.Start(s) + batch.Segments.Length(s) - 1)];
        return tape.Linear(tape.Rows(model.Hidden(tape, batch, state), last), score.Value);
    }

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        Tensor scores = Scores(model, score, tape, batch, state);
        int pairs = batch.Examples.Count;
        bool hasMargins = batch.Examples.All(e => e.Columns?.ContainsKey("margin") == true);
        double[]? margins = hasMargins ? [.. batch.Column("margin").Select(m => (double)m)] : null;
        ColumnGraph graph = new();
        Column rewards = graph.Variable(PolicyHead.Doubles(scores));
        Column chosen = rewards.Pick([.. Enumerable.Range(0, pairs).Select(i => 2 * i)]), rejected = rewards.Pick([.. Enumerable.Range(0, pairs).Select(i => 2 * i + 1)]);
        Column loss = RewardLoss.PerPair(chosen, rejected, margins, centering).Mean();
        graph.Backward(loss);
        AddMetrics(metrics, chosen.Values, rejected.Values);
        metrics.Count("num_tokens", batch.Tokens.Length);
        return new(tape.Outer(scores, loss.Values[0] * pairs, [.. rewards.Gradients.Select(g => g * pairs)]), pairs);
    }

    internal static void AddMetrics(MetricSums metrics, double[] chosen, double[] rejected)
    {
        metrics.Add("min_reward", Math.Min(chosen.Min(), rejected.Min()), chosen.Length);
        metrics.Add("mean_reward", (chosen.Sum() + rejected.Sum()) / (2 * chosen.Length), chosen.Length);
        metrics.Add("max_reward", Math.Max(chosen.Max(), rejected.Max()), chosen.Length);
        metrics.Add("accuracy", chosen.Zip(rejected, (c, r) => c > r ? 1.0 : 0).Average(), chosen.Length);
        metrics.Add("margin", chosen.Zip(rejected, (c, r) => c - r).Average(), chosen.Length);
    }
}
