using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training.Batching;

namespace Hone.Training.Objectives;

/// <summary>Losses and log-probabilities over a model's output projection, with or without an adapter on it.</summary>
public static class PolicyHead
{
    /// <summary>Final hidden states of a batch, [tokens, C].</summary>
    public static Tensor Hidden(this LanguageModel model, Tape tape, TrainingBatch batch, ForwardState? state = null) =>
        model.Hidden(tape, new TokenBatch(batch.Tokens, batch.Positions, batch.Segments), state);

    /// <summary>Σ weight · −log p(target), a scalar.</summary>
    public static Tensor CrossEntropy(LanguageModel model, Tape tape, Tensor hidden, int[] targets, float[] weights)
    {
        if (IsPlain(model.Head)) return tape.LinearCrossEntropy(hidden, model.Head.Weight.Value, targets, weights, model.HeadOptions);
        // An adapter works on the projection's result, and a head in few bits is multiplied by its own product, so the logits of target rows have to exist.
        (int[] rows, int[] found) = Targets(targets);
        return tape.CrossEntropy(model.Logits(tape, tape.Rows(hidden, rows)), found, [.. rows.Select(r => weights[r])]);
    }

    /// <summary>log p(target) and the distribution's entropy of every position, [tokens] each; 0 where there is no target.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[tokens, C].</param>
    /// <param name="targets">[tokens] ids, negative where there is no target.</param>
    /// <param name="temperature">Divides the logits, so that both are those of the distribution that was sampled from.</param>
    public static (Tensor LogProbs, double[] Entropy) LogProbs(LanguageModel model, Tape tape, Tensor hidden, int[] targets, double temperature = 1)
    {
        if (IsPlain(model.Head))
        {
            (Tensor logProbs, Tensor entropy) = tape.HeadLogProbsAndEntropy(hidden, model.Head.Weight.Value, targets, temperature == 1 ? model.HeadOptions : model.HeadOptions with { Temperature = (float)temperature });
            return (logProbs, Doubles(entropy));
        }
        (int[] rows, int[] found) = Targets(targets);
        Tensor logits = model.Logits(tape, tape.Rows(hidden, rows));
        if (temperature != 1) logits = tape.Scale(logits, (float)(1 / temperature));
        Tensor picked = tape.GatherLast(tape.LogSoftmax(logits), found);
        Tensor entropies = tape.SoftmaxEntropy(tape.Detach(logits));
        double[] all = new double[targets.Length];
        for (int i = 0; i < rows.Length; i++) all[rows[i]] = entropies.Data[i];
        return (Spread(tape, tape.View(picked, (rows.Length, 1)), rows, targets.Length), all);
    }

    private static bool IsPlain(LinearLayer head) => head.Adapters.Count == 0 && head.Quantized is null;

    /// <summary>Places of the targets, and the targets.</summary>
    internal static (int[] Rows, int[] Targets) Targets(int[] targets)
    {
        int[] rows = [.. Enumerable.Range(0, targets.Length).Where(i => targets[i] >= 0)];
        return (rows, [.. rows.Select(r => targets[r])]);
    }

    /// <summary>All numbers of a tensor in double precision.</summary>
    public static double[] Doubles(Tensor tensor)
    {
        double[] values = new double[tensor.Count];
        for (int i = 0; i < values.Length; i++) values[i] = tensor.Data[i];
        return values;
    }

    /// <summary>[rows, 1] at their places among [count], zeros elsewhere: a gather from the rows and one row of zeros.</summary>
    private static Tensor Spread(Tape tape, Tensor picked, int[] rows, int count)
    {
        int[] sources = new int[count];
        Array.Fill(sources, rows.Length);
        for (int i = 0; i < rows.Length; i++) sources[rows[i]] = i;
        Tensor withZero = tape.Concat(0, picked, tape.Constant((1, 1), [0f]));
        return tape.View(tape.Rows(withZero, sources), count);
    }
}
