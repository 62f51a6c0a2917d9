using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hone.Evaluation.Metrics.Text;

/// <summary>The tokenisers of sacrebleu: none, 13a, intl, zh, char. Each gives tokens joined by single spaces.</summary>
public static partial class BleuTokenizers
{
    /// <summary>The tokenised text.</summary>
    /// <exception cref="Hone.Core.HoneException">An unknown name.</exception>
    public static string Tokenize(string name, string text) => name switch
    {
        "none" => text,
        "13a" => Mteval13A(text),
        "intl" => International(text),
        "zh" => Chinese(text),
        "char" => string.Join(' ', text.EnumerateRunes().Select(r => r.ToString())),
        _ => throw Core.HoneException.Unknown("tokenizer of BLEU", name, ["none", "13a", "intl", "zh", "char"]),
    };

    private static string Mteval13A(string text)
    {
        text = text.Replace("<skipped>", "").Replace("-\n", "").Replace('\n', ' ');
        if (text.Contains('&')) text = text.Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        return European($" {text} ");
    }

    /// <summary>The shared rules: marks apart, dots and commas apart unless between digits, dashes after digits apart.</summary>
    private static string European(string text)
    {
        text = Marks().Replace(text, " $0 ");
        text = DotAfterNonDigit().Replace(text, "$1 $2 ");
        text = DotBeforeNonDigit().Replace(text, " $1 $2");
        text = DashAfterDigit().Replace(text, "$1 $2 ");
        return Joined(text);
    }

    private static string International(string text)
    {
        // Symbols go apart always; punctuation only where no digit is on its other side.
        text = PunctuationAfterNonDigit().Replace(text, "$1 $2 ");
        text = PunctuationBeforeNonDigit().Replace(text, " $1 $2");
        StringBuilder result = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool symbol = Rune.GetUnicodeCategory(rune) is UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol;
            if (symbol) result.Append(' ').Append(rune.ToString()).Append(' ');
            else result.Append(rune.ToString());
        }
        return Joined(result.ToString());
    }

    private static string Chinese(string text)
    {
        StringBuilder spaced = new();
        foreach (Rune rune in text.Trim().EnumerateRunes())
        {
            if (IsChinese(rune.Value)) spaced.Append(' ').Append(rune.ToString()).Append(' ');
            else spaced.Append(rune.ToString());
        }
        string marked = Marks().Replace(spaced.ToString(), " $0 ");
        marked = DotAfterNonDigit().Replace(marked, "$1 $2 ");
        marked = DotBeforeNonDigit().Replace(marked, " $1 $2");
        return Joined(DashAfterDigit().Replace(marked, "$1 $2 "));
    }

    /// <summary>
    /// The ranges as sacrebleu has them. Two of its ranges were meant for the supplementary planes but are spelled with too few
    /// digits, so they cover U+2001–2A6D and U+2F81–2FA1 instead; kept for equal scores.
    /// </summary>
    private static bool IsChinese(int c) =>
        c is >= 0x3400 and <= 0x4DB5 or >= 0x4E00 and <= 0x9FA5 or >= 0x9FA6 and <= 0x9FBB or >= 0xF900 and <= 0xFA2D or >= 0xFA30 and <= 0xFA6A
            or >= 0xFA70 and <= 0xFAD9 or >= 0x2001 and <= 0x2A6D or >= 0x2F81 and <= 0x2FA1 or >= 0xFF00 and <= 0xFFEF or >= 0x2E80 and <= 0x2EFF
            or >= 0x3000 and <= 0x303F or >= 0x31C0 and <= 0x31EF or >= 0x2F00 and <= 0x2FDF or >= 0x2FF0 and <= 0x2FFF or >= 0x3100 and <= 0x312F
            or >= 0x31A0 and <= 0x31BF or >= 0xFE10 and <= 0xFE1F or >= 0xFE30 and <= 0xFE4F or >= 0x2600 and <= 0x26FF or >= 0x2700 and <= 0x27BF
            or >= 0x3200 and <= 0x32FF or >= 0x3300 and <= 0x33FF;

    private static string Joined(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    [GeneratedRegex(@"[\{-\~\[-\` -\&\(-\+\:-\@\/]")]
    private static partial Regex Marks();

    [GeneratedRegex(@"([^0-9])([\.,])")]
    private static partial Regex DotAfterNonDigit();

    [GeneratedRegex(@"([\.,])([^0-9])")]
    private static partial Regex DotBeforeNonDigit();

    [GeneratedRegex(@"([0-9])(-)")]
    private static partial Regex DashAfterDigit();

    [GeneratedRegex(@"(\P{N})(\p{P})")]
    private static partial Regex PunctuationAfterNonDigit();

    [GeneratedRegex(@"(\p{P})(\P{N})")]
    private static partial Regex PunctuationBeforeNonDigit();
}
