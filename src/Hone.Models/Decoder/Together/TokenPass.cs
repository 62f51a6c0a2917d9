using Hone.Tensors;

namespace Hone.Models.Decoder.Together;

/// <summary>
/// Decoding: one new token for each of some sequences goes through layer after layer in a single job of the pool. Norms, rotations
/// and roundings of so few rows take less time than calling other threads for them, and reading weights must not wait meanwhile: all threads
/// do the same steps and meet a few times in each layer. The results are bit by bit those of <see cref="DecoderBlock.Forward"/>.
/// </summary>
internal static class TokenPass
{
    /// <summary>How many layers from one on can be gone through so: none unless each sequence has one token and something before it.</summary>
    /// <param name="blocks">All layers.</param>
    /// <param name="first">The first to go through.</param>
    /// <param name="tape">Tape.</param>
    /// <param name="context">Tokens and caches.</param>
    /// <returns>One past the last such layer.</returns>
    public static int Reach(IReadOnlyList<IBlock> blocks, int first, Tape tape, ForwardContext context)
    {
        if (tape.Recording || context.State is not { Tap: null, Caches: { } caches } || !AreSingleTokens(context.Batch, caches)) return first;
        int end = first;
        while (end < blocks.Count && blocks[end] is DecoderBlock { Plain: { IsPlain: true } plain }
            && plain.IsPrecise == ((DecoderBlock)blocks[first]).Plain!.IsPrecise && !(plain.IsPrecise && caches.Count > QuantizedMatrix.MostPreciseRows)) end++;
        return end;
    }

    /// <summary>Goes through layers.</summary>
    /// <param name="blocks">All layers.</param>
    /// <param name="first">First layer.</param>
    /// <param name="end">One past the last, from <see cref="Reach"/>.</param>
    /// <param name="tape">Tape.</param>
    /// <param name="hidden">[N, C].</param>
    /// <param name="context">Tokens and caches.</param>
    /// <returns>[N, C].</returns>
    public static unsafe Tensor Run(IReadOnlyList<IBlock> blocks, int first, int end, Tape tape, Tensor hidden, ForwardContext context)
    {
        Tensor stream = tape.Constant(hidden.Shape, hidden.Data);
        PassMemory memory = new(tape, context.Config, stream.Shape.Rows, ((DecoderBlock)blocks[first]).Plain!.IsPrecise);
        TokenJob job = new(blocks, first, end, stream.Pointer, memory, context, tape.Workers);
        tape.Workers.Together(ref job);
        return stream;
    }

    private static bool AreSingleTokens(TokenBatch batch, IReadOnlyList<IKvCache> caches)
    {
        if (batch.Segments.Tokens != batch.Segments.Count || batch.Segments.MaxLength != 1 || caches.Count != batch.Segments.Count) return false;
        foreach (IKvCache cache in caches)
            if (cache.Length > 0) return true;
        return false; // with nothing stored before, attention is computed without asking the caches
    }
}
