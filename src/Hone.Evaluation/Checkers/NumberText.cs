using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>Finds numbers in free text: with thousands commas, currency signs, percent signs, fractions and trailing dots.</summary>
public static partial class NumberText
{
    /// <summary>
    /// The number a text ends on: in the part after "####" or "answer:" the first one, in a box the only one, else the last of
    /// the whole text. Null when there is none.
    /// </summary>
    public static Rational? Final(string text)
    {
        if (AnswerText.AfterPhrase(text) is { } phrase && First(phrase) is { } stated) return stated;
        if (AnswerText.Boxed(text) is { } boxed && First(boxed) is { } inBox) return inBox;
        return Last(text);
    }

    /// <summary>The first number of a text, or null.</summary>
    public static Rational? First(string text) => All(text).FirstOrDefault();

    /// <summary>The last number of a text, or null.</summary>
    public static Rational? Last(string text) => All(text).LastOrDefault();

    private static IEnumerable<Rational?> All(string text) =>
        Number().Matches(text).Select(m => Rational.Parse(m.Groups["sign"].Value + m.Groups["value"].Value)).Where(v => v is not null);

    // A sign counts only where no number or word stands before it: "10-3" ends on 3, "= -3" on -3, "2023-01-05" on 5.
    [GeneratedRegex("""
        (?:(?<![0-9A-Za-z).%])(?<sign>[-−])[ ]?)?
        [$€£¥]?
        (?<value>
          [0-9]+/[0-9]+(?![0-9/])
        | (?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3}(?![0-9A-Za-z]))?
        | (?<![0-9])\.[0-9]+
        )
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Number();
}
