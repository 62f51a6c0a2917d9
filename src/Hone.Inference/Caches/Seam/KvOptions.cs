using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>How keys and values are kept: which tokens, at what precision, in which representation.</summary>
public sealed record KvOptions : ICheckedOptions
{
    /// <summary>Which tokens are kept.</summary>
    public Use<IKvPolicy> Policy { get; init; } = Using.Component<IKvPolicy>("full", () => new FullPolicy());

    /// <summary>How the budget is divided over layers and heads; left out takes the policy's own way.</summary>
    public Use<IKvAllocator>? Allocate { get; init; }

    /// <summary>Share of the tokens that is kept.</summary>
    [Limits(Above = 0, AtMost = 1)]
    public double Keep { get; init; } = 1;

    /// <summary>Tokens kept for each head on average, instead of a share.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int? Tokens { get; init; }

    /// <summary>Bits for each number: 32 and 16 are floating point, fewer are whole numbers with scales.</summary>
    [Limits(AtLeast = 2, AtMost = 32)]
    public int Bits { get; init; } = 32;

    /// <summary>How few bits are laid out: kivi (keys by channel, values by token), token, hqq; left out takes kivi.</summary>
    public Use<IKvFormat>? Format { get; init; }

    /// <summary>Compress when the prompt is complete.</summary>
    public bool Prompt { get; init; } = true;

    /// <summary>Compress again each time this many tokens were generated; 0 never.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Every { get; init; }

    /// <summary>Compress after each piece of a prompt too, so that a prompt never lies in memory whole.</summary>
    public bool Chunks { get; init; }

    /// <summary>Rotate kept keys to positions without gaps, as if nothing had been dropped.</summary>
    public bool Rerotate { get; init; }

    /// <summary>What else is done to slots that are kept.</summary>
    public IReadOnlyList<Use<IKvAfterSelection>> Also { get; init; } = [];

    public void Check()
    {
        if (Tokens is not null && Keep < 1) throw new HoneException("keep and tokens both give the budget. Give one of them.");
        if (Bits is not (2 or 3 or 4 or 8 or 16 or 32)) throw new HoneException($"{Bits} bits: expected 2, 3, 4, 8, 16 or 32.");
    }
}
