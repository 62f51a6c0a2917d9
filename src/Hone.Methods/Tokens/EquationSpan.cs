using System.Globalization;
using System.Text.RegularExpressions;

namespace Hone.Methods.Tokens;

/// <summary>An equation "a op b = c" of whole numbers inside a text, where names may stand before the numbers.</summary>
/// <param name="Index">First character.</param>
/// <param name="Length">Characters.</param>
/// <param name="A">First number.</param>
/// <param name="Operator">One of + - * /.</param>
/// <param name="B">Second number.</param>
/// <param name="C">What stands on the right.</param>
public sealed partial record EquationSpan(int Index, int Length, long A, char Operator, long B, long C)
{
    private readonly string beforeOperator = "", beforeB = "", beforeC = "";

    private EquationSpan(Match m) : this(m.Index, m.Length, Number(m, "a"), m.Groups["op"].ValueSpan[0], Number(m, "b"), Number(m, "c")) =>
        (beforeOperator, beforeB, beforeC) = (m.Groups["space"].Value, m.Groups["second"].Value, m.Groups["third"].Value);

    /// <summary>The value of the left side; null where a division does not come out even.</summary>
    public long? Value => Operator switch
    {
        '+' => A + B,
        '-' => A - B,
        '*' => A * B,
        '/' when B != 0 && A % B == 0 => A / B,
        _ => null,
    };

    /// <summary>Whether both sides are equal.</summary>
    public bool Holds => Value == C;

    /// <summary>All equations of a text, in order.</summary>
    public static IReadOnlyList<EquationSpan> Find(string text) => [.. Pattern().Matches(text).Select(m => new EquationSpan(m))];

    /// <summary>The equation in the spacing and with the names of the original.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{A}{beforeOperator}{Operator}{beforeB}{B}{beforeC}{C}");

    /// <summary>Without the second term: "a = c".</summary>
    public string WithoutSecond() => string.Create(CultureInfo.InvariantCulture, $"{A}{beforeC}{C}");

    /// <summary>The text with this equation in the place of the one it was made from.</summary>
    public string In(string text, string? written = null) => text[..Index] + (written ?? ToString()) + text[(Index + Length)..];

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<![\d.])(?<a>\d{1,9})(?<space> ?)(?<op>[-+*/])(?<second> ?(?:[A-Z][a-z]* )?)(?<b>\d{1,9})(?<third> ?= ?(?:[A-Z][a-z]* )?)(?<c>\d{1,9})(?![\d.]\d)")]
    private static partial Regex Pattern();
}
