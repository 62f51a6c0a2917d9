using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>How tasks are put into words.</summary>
public enum TaskWording
{
    /// <summary>English sentences with an instruction, for models that read English.</summary>
    Full,

    /// <summary>The shortest form: <c>wet cat 483.</c> … <c>? wet cat</c>. One token per word, number and mark for the built-in recall model.</summary>
    Compact,
}

/// <summary>Settings shared by all long-context tasks.</summary>
public sealed record LongContextOptions
{
    /// <summary>Tokens of prompt and answer together.</summary>
    public required int Length { get; init; }

    /// <summary>Counts the tokens of a text as the model will.</summary>
    public required Func<string, int> CountTokens { get; init; }

    /// <summary>How tasks are put into words.</summary>
    public TaskWording Wording { get; init; } = TaskWording.Full;

    /// <summary>Whether keys are drawn from those that training never uses.</summary>
    public bool UnseenKeys { get; init; } = true;

    /// <summary>Digits of a number that has to be found; 0 takes 7, or 3 in the compact wording.</summary>
    public int Digits { get; init; }

    /// <summary>Place of the (first) needle, 0 at the start and 1 at the end of the text; null draws it.</summary>
    public double? Depth { get; init; }

    internal int NumberDigits => Digits > 0 ? Digits : Wording == TaskWording.Compact ? 3 : 7;

    /// <summary>Refuses settings that no sample can be made from.</summary>
    /// <exception cref="HoneException">A length, number of digits or depth out of range.</exception>
    public LongContextOptions Validated()
    {
        if (Length < 16) throw new HoneException($"a long-context task of {Length} tokens is too short; give at least 16.");
        if (Digits is < 0 or > 9) throw new HoneException($"{Digits} digits are out of range; give 1 to 9, or 0 for the usual number.");
        if (Depth is < 0 or > 1 or double.NaN) throw new HoneException($"depth {Depth} is out of range; give 0 (start) to 1 (end).");
        return this;
    }
}
