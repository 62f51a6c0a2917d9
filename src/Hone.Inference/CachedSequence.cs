using Hone.Inference.Caches;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Memory;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>
/// One sequence gone through by hand, token by token or many at a time, with any cache: for measuring what a cache changes. To
/// generate text, use <see cref="Engine"/>. Not thread-safe.
/// </summary>
public sealed class CachedSequence : IDisposable
{
    private const int PieceTokens = 512;

    private readonly LanguageModel model;
    private readonly WorkerPool workers;
    private readonly BufferPool memory = new();

    /// <param name="model">The model.</param>
    /// <param name="cache">Its cache, which this takes over; null for exact pages, or latents where the model has them.</param>
    /// <param name="workers">Threads; null for all processors.</param>
    public CachedSequence(LanguageModel model, IKvCache? cache = null, WorkerPool? workers = null)
    {
        (this.model, this.workers) = (model, workers ?? WorkerPool.Shared);
        Cache = cache ?? (model.Config.Latent is null ? new PagedKvCache(model.Config, new KvPagePool(model.Config.KvHeads, model.Config.HeadSize)) : new LatentKvCache(model.Config));
    }

    /// <summary>Keys and values of the tokens fed so far.</summary>
    public IKvCache Cache { get; }

    /// <summary>Goes through more tokens.</summary>
    /// <param name="tokens">At least one.</param>
    /// <returns>[V] logits after the last of them.</returns>
    public float[] Feed(params ReadOnlySpan<int> tokens)
    {
        float[] last = [];
        for (int i = 0; i < tokens.Length; i += PieceTokens)
        {
            bool isLast = i + PieceTokens >= tokens.Length;
            Pass(tokens.Slice(i, Math.Min(PieceTokens, tokens.Length - i)), hidden =>
            {
                if (isLast) last = Logits(hidden.Tape, hidden.Tape.Rows(hidden.Rows, [hidden.Rows.Shape.Rows - 1]));
            });
        }
        return last;
    }

    /// <summary>Goes through more tokens and hands over the logits after each of them, in order.</summary>
    /// <param name="tokens">At least one.</param>
    /// <param name="onLogits">Given the token's index and the logits [V], valid during the call.</param>
    public void Feed(ReadOnlySpan<int> tokens, Action<int, ReadOnlySpan<float>> onLogits)
    {
        for (int i = 0; i < tokens.Length; i += PieceTokens)
        {
            int first = i;
            Pass(tokens.Slice(i, Math.Min(PieceTokens, tokens.Length - i)), hidden =>
            {
                Tensor logits = model.Logits(hidden.Tape, hidden.Rows);
                for (int r = 0; r < logits.Shape.Rows; r++) onLogits(first + r, logits.Data.Slice(r * logits.Shape.Last, logits.Shape.Last));
            });
        }
    }

    /// <summary>The prompt is complete: the cache may compress it.</summary>
    public void EndPrompt() => Cache.EndPrompt();

    /// <summary>A second sequence that begins with the same tokens.</summary>
    public CachedSequence Fork() => new(model, Cache.Fork(), workers);

    public void Dispose()
    {
        Cache.Dispose();
        memory.Dispose();
    }

    private void Pass(ReadOnlySpan<int> tokens, Action<(Tape Tape, Tensor Rows)> use)
    {
        using Tape tape = new(workers, memory, recording: false);
        int next = Cache.NextPosition;
        TokenBatch batch = new(tokens.ToArray(), [.. Enumerable.Range(next, tokens.Length)], new Segments([tokens.Length]));
        Tensor hidden = model.Hidden(tape, batch, new ForwardState { Caches = [Cache] });
        Cache.EndPass();
        use((tape, hidden));
    }

    private float[] Logits(Tape tape, Tensor hidden) => model.Logits(tape, hidden).Data.ToArray();
}
