using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.InverseQ;

/// <summary>One model behind a prompt of choice: the conditioned estimate, or another model's.</summary>
/// <param name="model">The model.</param>
/// <param name="prompt">Which prompt it sees.</param>
/// <param name="microTokens">Tokens per forward pass at most.</param>
/// <param name="workers">Threads.</param>
public sealed class ModelEstimator(LanguageModel model, Func<ConditionedSample, int[]> prompt, int microTokens, WorkerPool? workers) : ITokenPolicyEstimator
{
    /// <inheritdoc/>
    public double[][] LogProbs(IReadOnlyList<ConditionedSample> samples)
    {
        List<TrainingExample> examples = [.. samples.Select(Example)];
        List<TrainingExample> scored = ReferenceLogProbs.AddTo(model, examples, "", microTokens, workers, Core.IReporter.Silent);
        return [.. scored.Select(e => (double[])[.. e.Sequences[0].TargetPlaces().Select(i => (double)e.Sequences[0].Reference![i])])];
    }

    /// <inheritdoc/>
    public Tensor Logits(Tape tape, IReadOnlyList<ConditionedSample> samples)
    {
        TrainingBatch batch = TrainingBatch.Of([.. samples.Select(Example)]);
        int[] rows = [.. Enumerable.Range(0, batch.Targets.Length).Where(i => batch.Targets[i] >= 0)];
        return model.Logits(tape, tape.Rows(model.Hidden(tape, batch), rows));
    }

    private TrainingExample Example(ConditionedSample sample)
    {
        int[] before = prompt(sample);
        return new(TrainingSequence.FromPrompt([.. before, .. sample.Completion], before.Length));
    }
}

/// <summary>log π̃* = log π_ref + w (log π(·|good) − log π(·|bad)) − log Z: the reference moved by what the conditions make of the model. Inferred, see the card.</summary>
/// <param name="reference">π_ref behind the plain prompt.</param>
/// <param name="good">The model under the good condition.</param>
/// <param name="bad">The model under the bad one.</param>
/// <param name="weight">w.</param>
/// <param name="workers">Threads.</param>
public sealed class ContrastiveEstimator(ITokenPolicyEstimator reference, ITokenPolicyEstimator good, ITokenPolicyEstimator bad, double weight, WorkerPool? workers) : ITokenPolicyEstimator
{
    /// <inheritdoc/>
    public double[][] LogProbs(IReadOnlyList<ConditionedSample> samples)
    {
        double[][] result = new double[samples.Count][];
        using Tape tape = new(workers, recording: false);
        for (int s = 0; s < samples.Count; s++) // one at a time: a row of logits for every token
        {
            tape.Reset();
            Tensor picked = tape.GatherLast(tape.LogSoftmax(Logits(tape, [samples[s]])), samples[s].Completion);
            result[s] = new double[samples[s].Completion.Length];
            for (int i = 0; i < result[s].Length; i++) result[s][i] = picked.Data[i];
        }
        tape.Reset();
        tape.Memory.Dispose();
        return result;
    }

    /// <inheritdoc/>
    public Tensor Logits(Tape tape, IReadOnlyList<ConditionedSample> samples)
    {
        Tensor moved = tape.Sub(tape.LogSoftmax(good.Logits(tape, samples)), tape.LogSoftmax(bad.Logits(tape, samples)));
        return tape.Add(tape.LogSoftmax(reference.Logits(tape, samples)), tape.Scale(moved, (float)weight));
    }
}
