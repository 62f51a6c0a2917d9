using System.ComponentModel;
using Hone.Core.Recipes;
using Hone.Models.Config;

namespace Hone.Inference.Caches.Streaming;

/// <summary>How the past is cut.</summary>
public enum SpanKind
{
    /// <summary>Triangles of attention (Ltri-LLM).</summary>
    Triangles,

    /// <summary>Blocks of equal length (InfLLM).</summary>
    Blocks,

    /// <summary>At random places, everything else as with triangles: shows what the places are worth.</summary>
    Random,

    /// <summary>Not at all: what leaves the window is gone, but for the first tokens (StreamingLLM).</summary>
    None,
}

/// <summary>Settings of a stream that outgrows its window.</summary>
public sealed record LtriOptions : ICheckedOptions
{
    [Description("first tokens that always stay")]
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Sinks { get; init; } = 16;

    [Description("latest tokens that always stay")]
    [Limits(AtLeast = 2), Unit("tokens")]
    public int Window { get; init; } = 512;

    [Description("tokens brought back for each group of queries, at most")]
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Retrieve { get; init; } = 256;

    [Description("queries that share a retrieval")]
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Queries { get; init; } = 16;

    [Description("how the past is cut into spans")]
    public SpanKind Spans { get; init; } = SpanKind.Triangles;

    [Description("attention a pair must bring to belong to a span, for each head")]
    [Limits(Above = 0, Below = 1)]
    public double Theta { get; init; } = 0.016;

    [Description("largest overlap with a better span, as intersection over union")]
    [Limits(AtLeast = 0, Below = 1)]
    public double Overlap { get; init; }

    [Description("shortest span that is looked for")]
    [Limits(AtLeast = 1), Unit("tokens")]
    public int MinSpan { get; init; } = 4;

    [Description("longest span; the length of blocks")]
    [Limits(AtLeast = 1), Unit("tokens")]
    public int MaxSpan { get; init; } = 64;

    [Description("take neighbours apart that were found as one span")]
    public bool Split { get; init; } = true;

    [Description("index vectors of a span that stands out")]
    [Limits(AtLeast = 1)]
    public int MinVectors { get; init; } = 1;

    [Description("index vectors of a span that does not; blocks average so many tokens into one")]
    [Limits(AtLeast = 1)]
    public int MaxVectors { get; init; } = 8;

    [Description("heads vote with a softmax over spans; otherwise inner products are added")]
    public bool Voting { get; init; } = true;

    [Description("heads that vote, as layer.head, for example from 'kv heads'; none means all")]
    public IReadOnlyList<string> Heads { get; init; } = [];

    [Description("share of earlier votes that lives on from one retrieval to the next")]
    [Limits(AtLeast = 0, Below = 1)]
    public double Memory { get; init; } = 0.9;

    [Description("retrievals for which a span that got many votes stays")]
    [Limits(AtLeast = 0)]
    public int Stay { get; init; } = 4;

    [Description("put retrieved tokens at their true positions, for streams within the trained length; otherwise all at the edge of the window")]
    public bool TruePositions { get; init; }

    [Description("folder for the keys and values of what left the window; none keeps them in memory")]
    public string Folder { get; init; } = "";

    /// <inheritdoc/>
    public void Check()
    {
        if (MinSpan > MaxSpan) throw new HoneException($"the shortest span of {MinSpan} tokens is longer than the longest of {MaxSpan}.");
        if (MinVectors > MaxVectors) throw new HoneException($"{MinVectors} index vectors at least are more than {MaxVectors} at most.");
        if (Retrieve > 0 && Spans == SpanKind.Blocks && Retrieve < MaxSpan) throw new HoneException($"{Retrieve} tokens to retrieve cannot hold a block of {MaxSpan}.");
        if (Retrieve > 0 && Spans is (SpanKind.Triangles or SpanKind.Random) && Retrieve < MinSpan) throw new HoneException($"{Retrieve} tokens to retrieve cannot hold a span of {MinSpan}.");
        foreach (string head in Heads) _ = ParseHead(head);
    }

    /// <summary>Layer and head of <c>2.5</c>.</summary>
    /// <exception cref="HoneException">It is not written so.</exception>
    internal static (int Layer, int Head) ParseHead(string text)
    {
        string[] parts = text.Split('.');
        return parts.Length == 2 && int.TryParse(parts[0], out int layer) && int.TryParse(parts[1], out int head) && layer >= 0 && head >= 0
            ? (layer, head) : throw new HoneException($"'{text}' is not a head; write layer.head, for example 2.5.");
    }
}

/// <summary>
/// Streams of any length through a bounded window, with what left it kept in spans that are brought back when they are asked for.
/// Ltri-LLM, arXiv:2412.04757, on the streaming machine of InfLLM, arXiv:2402.04617.
/// </summary>
[Component("ltri")]
public sealed class LtriFormat(LtriOptions options) : IKvFormat
{
    /// <summary>Whether the files in the folder outlive the process, so that a stream can be taken up again.</summary>
    internal bool IsLasting { get; init; }

    /// <inheritdoc/>
    public bool CanDrop => false;

    /// <inheritdoc/>
    public int? OwnBits => 32;

    /// <inheritdoc/>
    public ILayerStore Create(KvLayer layer)
    {
        ModelConfig config = layer.Model.Config;
        if (!layer.HasRotation) throw new HoneException("a stream that outgrows its window needs rotary positions in every layer; this model has none in some.");
        if (layer.Attention.Window > 0 && layer.Attention.Window < options.Window + options.Retrieve)
            throw new HoneException($"this model's layers see {layer.Attention.Window} tokens only, so nothing can be brought back for them.");
        if (config.Rope!.Scaling == RopeScaling.Dynamic) throw new HoneException("this model's rotary frequencies change with the length of the text; a stream cannot follow them.");
        foreach ((int l, int h) in options.Heads.Select(LtriOptions.ParseHead))
            if (l >= config.Layers || h >= config.Heads) throw new HoneException($"head {l}.{h} is not in this model of {config.Layers} layers and {config.Heads} heads.");
        return new StreamingStore(layer, options, Store(layer));
    }

    private ISpanStore Store(KvLayer layer) =>
        options.Folder.Length == 0 ? new MemorySpanStore() : new FileSpanStore(options.Folder, IsLasting ? $"layer-{layer.Index:000}.spans" : null);
}
