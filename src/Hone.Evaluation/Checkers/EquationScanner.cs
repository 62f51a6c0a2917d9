using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>An equation found in free text.</summary>
/// <param name="Text">As it stands there.</param>
/// <param name="Holds">Whether the right side is the value of the left one, exactly or rounded to the places shown.</param>
public readonly record struct ScannedEquation(string Text, bool Holds);

/// <summary>Finds arithmetic equations in free text: GSM8K's calculator marks where there are any, else "24/2 = 12" in the running text.</summary>
public static partial class EquationScanner
{
    /// <summary>All equations, in order.</summary>
    public static IReadOnlyList<ScannedEquation> Scan(string text)
    {
        ScannedEquation[] marks = [.. Mark().Matches(text).Select(m => Judge(m.Value, m.Groups[1].Value, m.Groups[2].Value))];
        return marks.Length > 0 ? marks : [.. Inline().Matches(text).Select(m => Judge(m.Value.Trim(), m.Groups[1].Value, m.Groups[2].Value))];
    }

    private static ScannedEquation Judge(string text, string left, string right) =>
        new(text, Arithmetic.Evaluate(left) is { } value && Arithmetic.Evaluate(right) is { } shown && Agree(value, shown, right));

    /// <summary>Equal, or apart by no more than one unit in the last decimal place shown (people round or cut).</summary>
    private static bool Agree(Rational value, Rational shown, string text)
    {
        if (value == shown) return true;
        int point = text.LastIndexOf('.');
        int places = point < 0 ? 0 : text[(point + 1)..].TakeWhile(char.IsAsciiDigit).Count();
        return places is > 0 and < 30 && Rational.Abs(value - shown) < new Rational(1, System.Numerics.BigInteger.Pow(10, places));
    }

    [GeneratedRegex(@"<<([^<>=\n]{1,200})=([^<>=\n]{1,60})>>")]
    private static partial Regex Mark();

    [GeneratedRegex("""
        (
          (?:[(]+[ ]*)? [$]?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?%?
          (?:[ ]*[)]*[ ]*[-+*/×÷x][ ]*[(]*[ ]*[$]?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?%?)+ [ ]*[)]*
        )
        [ ]*=[ ]*[$]?(-?[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?%?)
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Inline();
}
