using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace Hone.Models.Templates;

/// <summary>Upper, lower and title case as Python does them: with the letters that become several (Unicode SpecialCasing).</summary>
internal static class PythonCase
{
    // One letter, then what it becomes in upper case.
    private const string LongUpper =
        "\u00dfSS \u0149\u02bcN \u01f0J\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 \u0587\u0535\u0552 " +
        "\u1e96H\u0331 \u1e97T\u0308 \u1e98W\u030a \u1e99Y\u030a \u1e9aA\u02be \u1f50\u03a5\u0313 " +
        "\u1f52\u03a5\u0313\u0300 \u1f54\u03a5\u0313\u0301 \u1f56\u03a5\u0313\u0342 \u1f80\u1f08\u0399 " +
        "\u1f81\u1f09\u0399 \u1f82\u1f0a\u0399 \u1f83\u1f0b\u0399 \u1f84\u1f0c\u0399 \u1f85\u1f0d\u0399 " +
        "\u1f86\u1f0e\u0399 \u1f87\u1f0f\u0399 \u1f88\u1f08\u0399 \u1f89\u1f09\u0399 \u1f8a\u1f0a\u0399 " +
        "\u1f8b\u1f0b\u0399 \u1f8c\u1f0c\u0399 \u1f8d\u1f0d\u0399 \u1f8e\u1f0e\u0399 \u1f8f\u1f0f\u0399 " +
        "\u1f90\u1f28\u0399 \u1f91\u1f29\u0399 \u1f92\u1f2a\u0399 \u1f93\u1f2b\u0399 \u1f94\u1f2c\u0399 " +
        "\u1f95\u1f2d\u0399 \u1f96\u1f2e\u0399 \u1f97\u1f2f\u0399 \u1f98\u1f28\u0399 \u1f99\u1f29\u0399 " +
        "\u1f9a\u1f2a\u0399 \u1f9b\u1f2b\u0399 \u1f9c\u1f2c\u0399 \u1f9d\u1f2d\u0399 \u1f9e\u1f2e\u0399 " +
        "\u1f9f\u1f2f\u0399 \u1fa0\u1f68\u0399 \u1fa1\u1f69\u0399 \u1fa2\u1f6a\u0399 \u1fa3\u1f6b\u0399 " +
        "\u1fa4\u1f6c\u0399 \u1fa5\u1f6d\u0399 \u1fa6\u1f6e\u0399 \u1fa7\u1f6f\u0399 \u1fa8\u1f68\u0399 " +
        "\u1fa9\u1f69\u0399 \u1faa\u1f6a\u0399 \u1fab\u1f6b\u0399 \u1fac\u1f6c\u0399 \u1fad\u1f6d\u0399 " +
        "\u1fae\u1f6e\u0399 \u1faf\u1f6f\u0399 \u1fb2\u1fba\u0399 \u1fb3\u0391\u0399 \u1fb4\u0386\u0399 " +
        "\u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 \u1fc2\u1fca\u0399 \u1fc3\u0397\u0399 " +
        "\u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 \u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 " +
        "\u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 \u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 " +
        "\u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 \u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 \u1ff2\u1ffa\u0399 " +
        "\u1ff3\u03a9\u0399 \u1ff4\u038f\u0399 \u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 \ufb00FF " +
        "\ufb01FI \ufb02FL \ufb03FFI \ufb04FFL \ufb05ST \ufb06ST \ufb13\u0544\u0546 \ufb14\u0544\u0535 " +
        "\ufb15\u0544\u053b \ufb16\u054e\u0546 \ufb17\u0544\u053d";

    private const string Digraphs = "\u01c4\u01c5\u01c6 \u01c7\u01c8\u01c9 \u01ca\u01cb\u01cc \u01f1\u01f2\u01f3";

    private static readonly FrozenDictionary<char, string> UpperOf =
        LongUpper.Split(' ').ToFrozenDictionary(entry => entry[0], entry => entry[1..]);

    public static string Upper(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) AppendUpper(result, rune);
        return result.ToString();
    }

    public static string Lower(string text)
    {
        StringBuilder result = new(text.Length);
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            AppendLower(result, text, at, rune);
            at += rune.Utf16SequenceLength;
        }
        return result.ToString();
    }

    /// <summary>The first letter in title case, the rest in lower case.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0) return text;
        Rune first = text.EnumerateRunes().First();
        StringBuilder result = new(text.Length);
        AppendTitle(result, first);
        return result.Append(Lower(text[first.Utf16SequenceLength..])).ToString();
    }

    /// <summary>Python's <c>str.title</c>: a letter after anything that is not a letter becomes title case.</summary>
    public static string Title(string text)
    {
        StringBuilder result = new(text.Length);
        bool inWord = false;
        int at = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (inWord) AppendLower(result, text, at, rune);
            else AppendTitle(result, rune);
            inWord = IsCased(rune);
            at += rune.Utf16SequenceLength;
        }
        return result.ToString();
    }

    public static string SwapCase(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsUpper(rune)) result.Append(Rune.ToLowerInvariant(rune).ToString());
            else AppendUpper(result, rune);
        }
        return result.ToString();
    }

    public static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static void AppendUpper(StringBuilder result, Rune rune)
    {
        if (rune.IsBmp && UpperOf.TryGetValue((char)rune.Value, out string? several)) result.Append(several);
        else result.Append(Rune.ToUpperInvariant(rune).ToString());
    }

    private static void AppendLower(StringBuilder result, string text, int at, Rune rune)
    {
        if (rune.Value == 0x130) result.Append("i\u0307");
        else if (rune.Value == 0x3A3) result.Append(IsFinalSigma(text, at) ? '\u03c2' : '\u03c3');
        else result.Append(Rune.ToLowerInvariant(rune).ToString());
    }

    private static void AppendTitle(StringBuilder result, Rune rune)
    {
        int digraph = rune.IsBmp ? Digraphs.IndexOf((char)rune.Value) : -1;
        if (digraph >= 0 && rune.Value != ' ') result.Append(Digraphs[digraph / 4 * 4 + 1]);
        else if (rune.Value is >= 0x10D0 and <= 0x10FF) result.Append(rune.ToString()); // Georgian has no title case
        else if (rune.IsBmp && UpperOf.TryGetValue((char)rune.Value, out string? several)) result.Append(several[0]).Append(Lower(several[1..]));
        else result.Append(Rune.ToUpperInvariant(rune).ToString());
    }

    // Unicode's Final_Sigma, without the letters that case ignores between.
    private static bool IsFinalSigma(string text, int at) =>
        at > 0 && char.IsLetter(text[at - 1]) && (at + 1 >= text.Length || !char.IsLetter(text[at + 1]));
}
