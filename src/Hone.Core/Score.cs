namespace Hone.Core;

/// <summary>
/// A judgement. <see cref="Value"/> is 1 for right and 0 for wrong (or a degree between), and null when it cannot be judged;
/// the reason says why in either case. Output that cannot be parsed is a result with a reason, not an exception.
/// </summary>
public readonly record struct Score(double? Value, string Reason = "")
{
    public static Score Right { get; } = new(1.0);

    public static Score Wrong(string reason) => new(0.0, reason);

    public static Score CannotJudge(string reason) => new(null, reason);

    /// <summary>True for a full mark. A score that cannot be judged does not pass.</summary>
    public bool Passes => Value >= 1.0;
}
