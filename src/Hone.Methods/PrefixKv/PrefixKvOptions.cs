using Hone.Core.Recipes;

namespace Hone.Methods.PrefixKv;

/// <summary>How a budget is divided over layers.</summary>
public enum LayerRule
{
    /// <summary>Every layer holds the same share of its importance.</summary>
    Prefix,

    /// <summary>Every layer keeps the same number.</summary>
    Uniform,

    /// <summary>The sum of the layers' shares is largest.</summary>
    GlobalSum,

    /// <summary>Linearly fewer with depth (PyramidKV's schedule).</summary>
    Pyramid,
}

/// <summary>Options of <see cref="PrefixKvPolicy"/>.</summary>
public sealed record PrefixKvOptions
{
    /// <summary>Profile made by <c>hone kv profile</c>; left out, the division is searched for each prompt.</summary>
    public string? Profile { get; init; }

    /// <summary>First tokens that are always kept, as is the last.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Start { get; init; } = 1;

    /// <summary>How a budget is divided over layers.</summary>
    public LayerRule Layers { get; init; }

    /// <summary>Place of the slot that goes for each generated token (with <c>every=1</c>), counted from what the prompt left.</summary>
    public int Distance { get; init; } = -25;

    /// <summary>
    /// Divide a token's attention by the number of tokens that could attend to it; otherwise early tokens count for more because more
    /// tokens come after them, which says nothing about how concentrated a layer is.
    /// </summary>
    public bool PerQuery { get; init; } = true;
}
