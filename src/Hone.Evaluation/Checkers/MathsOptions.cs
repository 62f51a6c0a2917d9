namespace Hone.Evaluation.Checkers;

/// <summary>Settings of <see cref="MathsChecker"/>, named and preset as in math-verify.</summary>
public sealed record MathsOptions
{
    /// <summary>Decimal places to which numbers are compared where a decimal occurs, 0 to 15.</summary>
    public int FloatRounding { get; init; } = 6;

    /// <summary>Whether an inequality may answer where the reference is an interval.</summary>
    public bool AllowSetRelationComparison { get; init; }

    /// <summary>Whether names of letters matter: with false, 2x answers 2y.</summary>
    public bool Strict { get; init; } = true;
}
