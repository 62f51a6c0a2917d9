using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// The string rules of the MATH benchmark (Hendrycks et al., arXiv:2103.03874), kept for comparable scores. They know no
/// mathematics: two answers are equal when their normal forms are the same text.
/// </summary>
public static partial class MathStringRules
{
    /// <summary>Equality of normal forms; where a form cannot be made, plain equality.</summary>
    public static bool AreEqual(string a, string b) => Normalise(a) is { } x && Normalise(b) is { } y ? x == y : a == b;

    /// <summary>The normal form, or null for malformed input on which the published code fails.</summary>
    public static string? Normalise(string text)
    {
        text = text.Replace("\n", "").Replace("\\!", "").Replace("\\\\", "\\").Replace("tfrac", "frac").Replace("dfrac", "frac");
        text = text.Replace("\\left", "").Replace("\\right", "").Replace("^{\\circ}", "").Replace("^\\circ", "").Replace("\\$", "");
        string[] aroundUnit = text.Split("\\text{ ");
        if (aroundUnit.Length > 2) return null;
        text = aroundUnit[0].Replace("\\%", "").Replace(" .", " 0.").Replace("{.", "{0.");
        if (text.Length == 0) return text;
        if (text[0] == '.') text = "0" + text;
        if (text.Split('=') is [{ Length: <= 2 }, string value]) text = value;
        if (BraceRoots(text) is not { } rooted || BraceFractions(rooted.Replace(" ", "")) is not { } fractions) return null;
        return SlashToFraction(fractions == "0.5" ? "\\frac{1}{2}" : fractions);
    }

    /// <summary>\sqrt3 becomes \sqrt{3}.</summary>
    private static string? BraceRoots(string text)
    {
        string[] parts = text.Split("\\sqrt");
        if (parts.Skip(1).Any(p => p.Length == 0)) return null;
        return parts[0] + string.Concat(parts.Skip(1).Select(p => p[0] == '{' ? $"\\sqrt{p}" : $"\\sqrt{{{p[0]}}}{p[1..]}"));
    }

    /// <summary>\frac12 becomes \frac{1}{2}, \frac1{72} becomes \frac{1}{72}; the text stays as it was when one is cut short.</summary>
    private static string? BraceFractions(string text)
    {
        string[] parts = text.Split("\\frac");
        string result = parts[0];
        foreach (string part in parts.Skip(1))
        {
            if (part.Length == 0) return null;
            if (part[0] == '{') result += $"\\frac{part}";
            else if (part.Length < 2) return text;
            else result += part[1] == '{' ? $"\\frac{{{part[0]}}}{part[1..]}" : $"\\frac{{{part[0]}}}{{{part[1]}}}{part[2..]}";
        }
        return result;
    }

    /// <summary>a/b with whole numbers becomes a fraction; the published code fails on anything else around a single slash.</summary>
    private static string? SlashToFraction(string text)
    {
        if (text.Split('/') is not [string top, string bottom]) return text;
        if (!Whole().IsMatch(top) || !Whole().IsMatch(bottom)) return null;
        string Plain(string digits) => System.Numerics.BigInteger.Parse(digits.Replace("_", ""), System.Globalization.CultureInfo.InvariantCulture).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return text == $"{Plain(top)}/{Plain(bottom)}" ? $"\\frac{{{top}}}{{{bottom}}}" : text;
    }

    [GeneratedRegex(@"^[-+]?[0-9]+(?:_[0-9]+)*\z")]
    private static partial Regex Whole();
}
