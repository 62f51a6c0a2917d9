using Hone.Core;
using Hone.Inference.Adapters;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Inference;

/// <summary>
/// Scores given tokens with the likeliest ones at each place, through one of an engine's adapters. Uses the engine's model: run it
/// by <see cref="EngineHost.RunAsync"/>.
/// </summary>
/// <param name="engine">Model, adapters, threads.</param>
public sealed class PromptScorer(Engine engine)
{
    /// <summary>Rows of logits at a time: [64, V] is 12 MB at 49k tokens.</summary>
    private const int RowsAtOnce = 64;

    /// <summary>One score per token; the first one's is NaN, for nothing comes before it.</summary>
    /// <param name="ids">Token ids, at least one.</param>
    /// <param name="top">Number of likeliest tokens to report at each place.</param>
    /// <param name="adapter">Name of an adapter, or null.</param>
    /// <exception cref="HoneException">A token outside the vocabulary, more tokens than learned positions, an unknown adapter.</exception>
    public IReadOnlyList<TokenScore> Score(int[] ids, int top = 0, string? adapter = null)
    {
        List<TokenScore> scores = [new(float.NaN, [])];
        if (ids.Length < 2) return scores;
        AdapterSet? adapters = engine.Options.Adapters;
        int number = engine.AdapterNumber(adapter);
        using Tape tape = new(engine.Workers, recording: false);
        Announce(adapters?.Tokens, number, ids.Length - 1);
        Tensor hidden = engine.Model.Hidden(tape, TokenBatch.Of(ids[..^1]));
        for (int start = 0; start < ids.Length - 1; start += RowsAtOnce)
        {
            int count = Math.Min(RowsAtOnce, ids.Length - 1 - start);
            Announce(adapters?.Logits, number, count);
            Tensor logits = engine.Model.Logits(tape, tape.Slice(hidden, 0, start, count));
            int width = logits.Shape.Last;
            for (int i = 0; i < count; i++) scores.Add(TokenScore.Of(logits.Data.Slice(i * width, width), ids[start + i + 1], top));
        }
        tape.Reset();
        tape.Memory.Trim();
        return scores;
    }

    private static void Announce(AdapterRuns? rows, int number, int count)
    {
        rows?.Clear();
        rows?.Add(number, count);
    }
}
