using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of formats that round groups of numbers.</summary>
public record GroupOptions
{
    /// <summary>Bits for each number: 2, 3, 4 or 8.</summary>
    [Limits(AtLeast = 2, AtMost = 8)]
    public int Bits { get; init; } = 4;

    /// <summary>Numbers that share a scale; along channels at most the head size.</summary>
    [Limits(AtLeast = 2)]
    public int Group { get; init; } = 32;

    /// <summary>Newest tokens that stay exact.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Residual { get; init; } = 32;

    /// <summary>How scales and lowest values are held.</summary>
    public ScalePrecision Scales { get; init; }

    /// <summary>Generated tokens stay exact, however many there are; only the prompt is rounded.</summary>
    public bool KeepGenerated { get; init; }

    internal Rounding Rounding(int size)
    {
        if (Bits is not (2 or 3 or 4 or 8)) throw new HoneException($"{Bits} bits: expected 2, 3, 4 or 8.");
        return new(Bits, Math.Min(Group, size), Residual, Scales, KeepGenerated);
    }

    /// <summary>Keys by channel need whole groups of tokens.</summary>
    internal Rounding ByChannel()
    {
        Rounding rounding = Rounding(int.MaxValue);
        int residual = Math.Max(Group, Residual);
        if (residual % Group != 0) throw new HoneException($"residual is {Residual} tokens; keys by channel are rounded {Group} tokens at a time, so it has to be a multiple of {Group}.");
        return rounding with { Residual = residual };
    }
}

/// <summary>
/// Keys by channel, values by token, the newest tokens exact. Liu et al. 2024 (KIVI), arXiv:2402.02750. Groups of channels are no
/// wider than a head.
/// </summary>
[Component("kivi")]
public sealed class KiviFormat(GroupOptions options) : IKvFormat
{
    public bool CanDropLater => false;

    public bool IsRounded => true;

    public ILayerStore Create(KvLayer layer) =>
        new RowsStore(layer, size => new ChannelRows(size, options.ByChannel()), size => new TokenRows(size, options.Rounding(size)));
}

/// <summary>Options of <see cref="TokenFormat"/>.</summary>
public sealed record TokenOptions : GroupOptions
{
    /// <summary>FlexGen's groups of 64.</summary>
    public TokenOptions() => Group = 64;
}

/// <summary>Keys and values by token. Sheng et al. 2023 (FlexGen), arXiv:2303.06865: 4 bits, 64 numbers to a scale.</summary>
[Component("token")]
public sealed class TokenFormat(TokenOptions options) : IKvFormat
{
    public bool IsRounded => true;

    public ILayerStore Create(KvLayer layer) =>
        new RowsStore(layer, size => new TokenRows(size, options.Rounding(size)), size => new TokenRows(size, options.Rounding(size)));
}

/// <summary>Keys and values by channel: an ablation, since values have no large channels.</summary>
[Component("channel")]
public sealed class ChannelFormat(GroupOptions options) : IKvFormat
{
    public bool CanDropLater => false;

    public bool IsRounded => true;

    public ILayerStore Create(KvLayer layer) =>
        new RowsStore(layer, size => new ChannelRows(size, options.ByChannel()), size => new ChannelRows(size, options.ByChannel()));
}

/// <summary>The usual format for a number of bits.</summary>
internal static class KvFormats
{
    public static IKvFormat For(int bits) => bits switch
    {
        32 => new DenseFormat(),
        16 => new HalfFormat(),
        _ => new KiviFormat(new GroupOptions { Bits = bits }),
    };
}
