using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>Log-probabilities of given texts under a model. Not thread-safe: one call at a time.</summary>
/// <param name="model">The model; read only.</param>
/// <param name="workers">Threads; null for all processors.</param>
/// <param name="maxTokens">Most tokens in one pass; a longer sequence gets a pass of its own.</param>
public sealed class Scorer(LanguageModel model, WorkerPool? workers = null, int maxTokens = 2048)
{
    /// <summary>Natural log-probabilities of every token given those before it.</summary>
    /// <param name="sequences">Token ids.</param>
    /// <returns>Per sequence [T]; the first entry is NaN, for nothing comes before it.</returns>
    /// <exception cref="HoneException">A token outside the vocabulary.</exception>
    public IReadOnlyList<float[]> LogProbs(IReadOnlyList<int[]> sequences)
    {
        float[][] results = new float[sequences.Count][];
        using Tape tape = new(workers, recording: false);
        foreach (int[] group in Groups(sequences))
        {
            Score(tape, [.. group.Select(i => sequences[i])], group, results);
            tape.Reset();
        }
        tape.Memory.Trim();
        return results;
    }

    private void Score(Tape tape, int[][] sequences, int[] places, float[][] results)
    {
        TokenBatch batch = TokenBatch.Of(sequences);
        int[] targets = new int[batch.Tokens.Length];
        for (int i = 0; i + 1 < targets.Length; i++) targets[i] = batch.Tokens[i + 1];
        for (int s = 0; s < sequences.Length; s++)
            if (sequences[s].Length > 0) targets[batch.Segments.Start(s) + sequences[s].Length - 1] = HeadOptions.Ignore;
        Span<float> scores = Targets(tape, model.Hidden(tape, batch), targets);
        for (int s = 0; s < sequences.Length; s++)
        {
            float[] own = new float[sequences[s].Length];
            if (own.Length > 0) own[0] = float.NaN;
            if (own.Length > 1) scores.Slice(batch.Segments.Start(s), own.Length - 1).CopyTo(own.AsSpan(1));
            results[places[s]] = own;
        }
    }

    private Span<float> Targets(Tape tape, Tensor hidden, int[] targets)
    {
        if (model.Head.Adapters.Count == 0 && model.Head.Quantized is null) return tape.HeadLogProbs(hidden, model.Head.Weight.Value, targets, model.HeadOptions).Data;
        // An adapted or quantised head has no fp32 weight: its logits are computed as they are.
        Tensor logProbs = tape.LogSoftmax(model.Logits(tape, hidden));
        float[] chosen = new float[targets.Length];
        for (int i = 0; i < targets.Length; i++)
            if (targets[i] != HeadOptions.Ignore) chosen[i] = logProbs.Data[i * logProbs.Shape.Last + targets[i]];
        return chosen;
    }

    /// <summary>Sequences in order, as many as fit into one pass.</summary>
    private IEnumerable<int[]> Groups(IReadOnlyList<int[]> sequences)
    {
        List<int> group = [];
        int tokens = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            if (group.Count > 0 && tokens + sequences[i].Length > maxTokens)
            {
                yield return [.. group];
                group.Clear();
                tokens = 0;
            }
            group.Add(i);
            tokens += sequences[i].Length;
        }
        if (group.Count > 0) yield return [.. group];
    }
}
