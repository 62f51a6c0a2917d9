using System.Numerics.Tensors;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Training.Objectives;

/// <summary>What is known of the output distributions at targets beyond log-probabilities; computed without a gradient.</summary>
internal static class HeadStatistics
{
    private const int Chunk = 64;

    /// <summary>
    /// Mean logit of every position with a target, [tokens]. The mean of w_v · h over the vocabulary is the mean row of the head
    /// times h, so no logits are needed. Null for models with capped logits or an adapted head, where that is not so, and for a head in few bits.
    /// </summary>
    public static double[]? MeanLogits(LanguageModel model, Tensor hidden, int[] targets)
    {
        if (model.Config.LogitSoftcap != 0 || model.Head.Adapters.Count > 0 || model.Head.Quantized is not null) return null;
        (int rows, int width) = (model.Head.Outputs, model.Head.Inputs);
        float[] mean = new float[width];
        for (int v = 0; v < rows; v++) TensorPrimitives.Add(mean, model.Head.Weight.Value.Data.Slice(v * width, width), mean);
        double[] result = new double[targets.Length];
        for (int i = 0; i < targets.Length; i++)
            if (targets[i] >= 0) result[i] = TensorPrimitives.Dot(mean, hidden.Data.Slice(i * width, width)) / rows;
        return result;
    }

    /// <summary>log Σ_v p_v² of every position with a target, [tokens].</summary>
    public static double[] LogSumSquares(LanguageModel model, Tape tape, Tensor hidden, int[] targets)
    {
        double[] result = new double[targets.Length];
        ForLogits(model, tape, hidden, targets, (part, rows, logits) =>
        {
            Tensor sums = part.LogSumExp(part.Scale(part.LogSoftmax(logits), 2));
            for (int i = 0; i < rows.Length; i++) result[rows[i]] = sums.Data[i];
        });
        return result;
    }

    /// <summary>Whether the likeliest token is the target, [tokens].</summary>
    public static bool[] IsTop(LanguageModel model, Tape tape, Tensor hidden, int[] targets)
    {
        bool[] result = new bool[targets.Length];
        ForLogits(model, tape, hidden, targets, (_, rows, logits) =>
        {
            int vocabulary = logits.Shape.Last;
            for (int i = 0; i < rows.Length; i++) result[rows[i]] = TensorPrimitives.IndexOfMax<float>(logits.Data.Slice(i * vocabulary, vocabulary)) == targets[rows[i]];
        });
        return result;
    }

    private static void ForLogits(LanguageModel model, Tape tape, Tensor hidden, int[] targets, Action<Tape, int[], Tensor> use)
    {
        foreach (int[] rows in PolicyHead.Targets(targets).Rows.Chunk(Chunk))
        {
            using Tape part = new(tape.Workers, tape.Memory, recording: false);
            use(part, rows, model.Logits(part, part.Rows(hidden, rows)));
        }
    }
}
