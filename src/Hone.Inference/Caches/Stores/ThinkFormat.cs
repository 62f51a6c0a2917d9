using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="ThinkFormat"/>.</summary>
public sealed record ThinkOptions
{
    /// <summary>Share of each head's key channels that is kept.</summary>
    [Limits(Above = 0, AtMost = 1), Unit("share")]
    public double Channels { get; init; } = 0.5;

    /// <summary>Last tokens of the prompt whose queries say which channels matter.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Window { get; init; } = 32;

    /// <summary>Bits for each number that is left: 32, 16, or 8, 4, 3, 2 laid out as kivi does.</summary>
    [Limits(AtLeast = 2, AtMost = 32)]
    public int Bits { get; init; } = 32;

    /// <summary>Numbers that share a scale, where they are rounded.</summary>
    [Limits(AtLeast = 2)]
    public int Group { get; init; } = 32;

    /// <summary>Newest tokens that stay exact, where others are rounded.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Residual { get; init; } = 32;
}

/// <summary>
/// Keys of the prompt without the channels that its last queries hardly use; values, and what is generated, are whole. Goes
/// with any policy, which thins out tokens first. Xu et al. 2024 (ThinK), arXiv:2407.21018.
/// </summary>
[Component("think")]
public sealed class ThinkFormat(ThinkOptions options) : IKvFormat
{
    public bool CanDropLater => options.Bits >= 16;

    // A channel that is gone cannot be rotated with its partner.
    public bool IsRounded => true;

    /// <exception cref="HoneException">Bits or groups that make no sense.</exception>
    public ILayerStore Create(KvLayer layer) => new ThinkStore(layer, options);
}

/// <summary>Remembers the last queries of the prompt and thins out its keys when it is complete.</summary>
internal sealed class ThinkStore : RowsStore, ILayerStore
{
    private readonly ThinkOptions options;
    private float[] queries = [];
    private bool isSealed;

    public ThinkStore(KvLayer layer, ThinkOptions options)
        : base(layer, size => new ThinnedRows(size, inner => Rows(inner, options, byChannel: true)), size => Rows(size, options, byChannel: false)) => this.options = options;

    private ThinkStore(ThinkStore origin) : base(origin) => (options, queries, isSealed) = (origin.options, origin.queries, origin.isSealed);

    /// <summary>[D] whether a channel of a head's keys is held for the prompt.</summary>
    public bool HasChannel(int kvHead, int channel) => ((ThinnedRows)Rows(kvHead).Keys).Has(channel);

    public void EndAttention(ReadOnlySpan<float> added)
    {
        if (isSealed) return;
        int width = Layer.Attention.Heads * Layer.HeadSize, most = options.Window * width;
        queries = added.Length >= most ? added[^most..].ToArray() : [.. queries.AsSpan(Math.Max(0, queries.Length + added.Length - most)), .. added];
    }

    public override void Seal()
    {
        for (int head = 0; head < Layer.KvHeads; head++) ((ThinnedRows)Rows(head).Keys).Thin(ImportantChannels(head));
        base.Seal();
        (isSealed, queries) = (true, []);
    }

    public override ILayerStore Fork() => new ThinkStore(this);

    /// <summary>Channels with the greatest mean q² times mean k², ascending; the mean of q² goes over the window and the head's query heads.</summary>
    private int[] ImportantChannels(int kvHead)
    {
        int size = Layer.HeadSize, group = Layer.Group, width = Layer.Attention.Heads * size, kept = size - (int)(size * (1 - options.Channels));
        float[] keys = new float[Count(kvHead) * size];
        ReadKeys(kvHead, 0, keys);
        double[] queryPower = new double[size], keyPower = new double[size];
        for (int at = 0; at < queries.Length; at += width)
            for (int c = 0; c < group * size; c++) queryPower[c % size] += Square(queries[at + kvHead * group * size + c]);
        for (int i = 0; i < keys.Length; i++) keyPower[i % size] += Square(keys[i]);
        return TopSlots.Of([.. queryPower.Zip(keyPower, (q, k) => (float)(q * k))], kept);
    }

    private static double Square(float x) => (double)x * x;

    private static KvRows Rows(int size, ThinkOptions options, bool byChannel)
    {
        if (options.Bits == 32) return new SingleRows(size);
        if (options.Bits == 16) return new HalfPrecisionRows(size);
        GroupOptions group = new() { Bits = options.Bits, Group = options.Group, Residual = options.Residual };
        return byChannel ? new ChannelRows(size, group.ByChannel()) : new TokenRows(size, group.Rounding(size));
    }
}
