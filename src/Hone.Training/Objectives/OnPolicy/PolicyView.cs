using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>What a policy and its critic say of sampled completions; tables are [completions][targets].</summary>
/// <param name="LogProbs">Log-probability of each target.</param>
/// <param name="Values">Value of the state before each target; zeros without a critic.</param>
/// <param name="Entropies">Entropy of the distribution each target was drawn from, in nats.</param>
public sealed record PolicyView(double[][] LogProbs, double[][] Values, double[][] Entropies)
{
    /// <summary>Runs the model over the completions, without a gradient.</summary>
    /// <param name="model">The policy.</param>
    /// <param name="head">Its critic, or null.</param>
    /// <param name="completions">Examples of one sequence each, whose targets are what was sampled.</param>
    /// <param name="microTokens">Tokens per forward pass at most.</param>
    /// <param name="workers">Threads.</param>
    /// <param name="temperature">That of the sampling.</param>
    public static PolicyView Of(LanguageModel model, ValueHead? head, IReadOnlyList<TrainingExample> completions, int microTokens, WorkerPool? workers, double temperature = 1)
    {
        List<double[]> logProbs = [], values = [], entropies = [];
        using Tape tape = new(workers, recording: false);
        foreach (TrainingBatch batch in TrainingBatch.Split(completions, microTokens))
        {
            tape.Reset();
            Tensor hidden = model.Hidden(tape, batch);
            (Tensor found, double[] entropy) = PolicyHead.LogProbs(model, tape, hidden, batch.Targets, temperature);
            double[] policy = PolicyHead.Doubles(found), value = head is null ? new double[batch.Tokens.Length] : PolicyHead.Doubles(head.Values(tape, hidden));
            for (int s = 0; s < batch.Segments.Count; s++)
            {
                int[] places = [.. Enumerable.Range(batch.Segments.Start(s), batch.Segments.Length(s)).Where(i => batch.Targets[i] >= 0)];
                logProbs.Add([.. places.Select(i => policy[i])]);
                values.Add([.. places.Select(i => value[i])]);
                entropies.Add([.. places.Select(i => entropy[i])]);
            }
        }
        tape.Reset();
        tape.Memory.Dispose();
        return new([.. logProbs], [.. values], [.. entropies]);
    }
}
