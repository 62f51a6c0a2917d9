using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Inference.Caches.Streaming;
using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Methods.LtriLlm;

/// <summary>What a question to a stream brought.</summary>
/// <param name="Ids">Generated tokens.</param>
/// <param name="Text">Their text.</param>
/// <param name="LayerRecall">[L] share of the evidence's tokens that could be attended to when the answer began, 0 to 1; NaN without evidence.</param>
/// <param name="Attended">Most keys that a query of the last question token attended to in any layer.</param>
public sealed record StreamAnswer(int[] Ids, string Text, double[] LayerRecall, int Attended)
{
    /// <summary>Mean over layers.</summary>
    public double EvidenceRecall => LayerRecall.Average();
}

/// <summary>
/// A text of any length read through a bounded window, and questions about it. Questions are asked on a copy, so that the order in
/// which they are asked changes nothing.
/// </summary>
public sealed class StreamSession : IDisposable
{
    private readonly TextModel model;
    private readonly int chunk;
    private readonly PolicyKvCache cache;
    private readonly StreamArchive? archive;
    private readonly TokenHash read = new();

    /// <param name="model">The model.</param>
    /// <param name="options">Window, spans, retrieval.</param>
    /// <param name="chunk">Tokens read at a time.</param>
    /// <exception cref="HoneException">The model cannot stream.</exception>
    public StreamSession(TextModel model, LtriOptions options, int chunk = 256)
    {
        (this.model, this.chunk) = (model, chunk);
        options.Check();
        KvOptions kv = new() { Format = Using.Component<IKvFormat>("ltri", () => new LtriFormat(options)) };
        cache = new PolicyKvCache(new KvPlan(kv, model.Model, model.Workers));
    }

    /// <summary>A stream in a folder: goes on where it was saved last.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Window, spans, retrieval; the folder given there does not count.</param>
    /// <param name="folder">Where it is, or will be.</param>
    /// <param name="text">All tokens of the text from its beginning; those read already are not read again.</param>
    /// <param name="chunk">Tokens read at a time.</param>
    /// <exception cref="HoneException">The model cannot stream, or the folder holds a stream of another model, of other settings or of another text.</exception>
    public StreamSession(TextModel model, LtriOptions options, string folder, ReadOnlySpan<int> text, int chunk = 256)
    {
        (this.model, this.chunk) = (model, chunk);
        options.Check();
        archive = new StreamArchive(folder, options, model.Model, model.Workers);
        cache = archive.Open(out byte[] saved);
        if (cache.Length == 0) return;
        if (text.Length >= cache.Length) read.Add(text[..cache.Length]);
        if (text.Length >= cache.Length && read.Value.AsSpan().SequenceEqual(saved)) return;
        int length = cache.Length;
        cache.Dispose();
        throw new HoneException($"{folder}: the stream there read {length} tokens of another text. Give a text that begins with the same, or another folder.");
    }

    /// <summary>Tokens read so far.</summary>
    public int Length => cache.Length;

    /// <summary>One for each layer.</summary>
    public IReadOnlyList<StreamingStore> Layers => Stores(cache);

    /// <summary>Bytes of the window, the index and what is kept in memory.</summary>
    public long Bytes => cache.Memory.Bytes;

    /// <summary>Bytes of keys and values on disk.</summary>
    public long DiskBytes => Layers.Sum(layer => layer.DiskBytes);

    /// <summary>Bytes of index vectors over all layers.</summary>
    public long IndexBytes => Layers.Sum(layer => layer.IndexBytes);

    /// <summary>Goes on reading.</summary>
    public void Read(ReadOnlySpan<int> tokens, CancellationToken cancellation = default)
    {
        for (int at = 0; at < tokens.Length; at += chunk)
        {
            cancellation.ThrowIfCancellationRequested();
            ReadOnlySpan<int> piece = tokens.Slice(at, Math.Min(chunk, tokens.Length - at));
            Step(cache, piece.ToArray(), wantsLogits: false);
            read.Add(piece);
        }
    }

    /// <summary>Saves the stream in its folder.</summary>
    /// <exception cref="InvalidOperationException">The session has no folder.</exception>
    public void Save() => (archive ?? throw new InvalidOperationException("this stream has no folder")).Save(cache, read.Value);

    /// <summary>Asks, greedily.</summary>
    /// <param name="question">Tokens of the question and the start of the answer.</param>
    /// <param name="maxNewTokens">Most tokens to generate.</param>
    /// <param name="evidence">[tokens] places of the evidence in the stream.</param>
    public StreamAnswer Ask(int[] question, int maxNewTokens, IReadOnlyCollection<int> evidence)
    {
        if (question.Length == 0) throw new HoneException("a question to a stream has no tokens; give at least one.");
        using PolicyKvCache copy = (PolicyKvCache)cache.Fork();
        int next = Step(copy, question, wantsLogits: true);
        IReadOnlyList<StreamingStore> layers = Stores(copy);
        double[] recall = [.. layers.Select(layer => evidence.Count == 0 ? double.NaN : evidence.Average(token => layer.Covers(token) ? 1.0 : 0))];
        int attended = layers.Max(layer => layer.Attended);
        List<int> ids = [];
        while (ids.Count < maxNewTokens && !model.Text.EndIds.Contains(next))
        {
            ids.Add(next);
            if (ids.Count < maxNewTokens) next = Step(copy, [next], wantsLogits: true);
        }
        return new([.. ids], model.Text.Decode([.. ids]), recall, attended);
    }

    /// <summary>
    /// Feeds an answer token by token on a copy and reports, before each, the token that every head looked at most: [answer][L][H] places
    /// in the stream.
    /// </summary>
    public int[][][] Watch(int[] question, int[] answer)
    {
        using PolicyKvCache copy = (PolicyKvCache)cache.Fork();
        List<int[][]> seen = [];
        int[] input = question;
        foreach (int token in answer)
        {
            Step(copy, input, wantsLogits: false);
            seen.Add([.. Stores(copy).Select(layer => layer.Strongest.ToArray())]);
            input = [token];
        }
        return [.. seen];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        read.Dispose();
    }

    private static IReadOnlyList<StreamingStore> Stores(PolicyKvCache cache) => [.. cache.Stores.Cast<StreamingStore>()];

    private int Step(PolicyKvCache target, int[] tokens, bool wantsLogits)
    {
        using Tape tape = new(model.Workers, recording: false);
        int first = target.Length;
        TokenBatch batch = new(tokens, [.. Enumerable.Range(first, tokens.Length)], new Segments(tokens.Length));
        Tensor hidden = model.Model.Hidden(tape, batch, new ForwardState { Caches = [target] });
        target.EndPass();
        if (!wantsLogits) return -1;
        ReadOnlySpan<float> logits = model.Model.Logits(tape, Hone.Tensors.Ops.ViewOps.Slice(tape, hidden, 0, tokens.Length - 1, 1)).Data;
        return System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);
    }
}
