using System.Globalization;
using System.Text;

namespace Hone.Models.Tokenizers.Unicode;

/// <summary>
/// Which code points count as what. General categories are those of .NET (Unicode 16), which equal the reference's regular
/// expressions; the others are tables, see <see cref="UnicodeTables"/>.
/// </summary>
internal static class CharacterClasses
{
    private static readonly CodePointSet WordSet = UnicodeTables.Class("word");
    private static readonly CodePointSet RegexWordSet = UnicodeTables.Class("regex-word");
    private static readonly CodePointSet BertPunctuationSet = UnicodeTables.Class("bert-punctuation");
    private static readonly CodePointSet BertRemovedSet = UnicodeTables.Class("bert-removed");
    private static readonly CodePointSet BertAccentSet = UnicodeTables.Class("bert-accents");
    private static readonly CodePointSet AccentSet = UnicodeTables.Class("accents");

    /// <summary>The general category; surrogates give Surrogate.</summary>
    public static UnicodeCategory Category(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint);

    /// <summary>The property White_Space, \s of every pattern.</summary>
    public static bool IsWhiteSpace(int c) => c < 0x10000 && char.IsWhiteSpace((char)c);

    public static bool IsLetter(int c) => Category(c) <= UnicodeCategory.OtherLetter;

    public static bool IsMark(int c) =>
        Category(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>\p{N} of Unicode 16.</summary>
    public static bool IsNumber(int c) =>
        Category(c) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    /// <summary>\p{N} of Unicode 17, which the Digits pre-tokenizer uses.</summary>
    public static bool IsNumeric(int c) => IsNumber(c) || c is (>= 0x11DE0 and <= 0x11DE9) or (>= 0x16FF4 and <= 0x16FF6);

    /// <summary>\w where words are found for added tokens and by the Whitespace pre-tokenizer.</summary>
    public static bool IsWord(int c) => WordSet.Contains(c);

    /// <summary>\w inside Split and Replace patterns.</summary>
    public static bool IsRegexWord(int c) => RegexWordSet.Contains(c);

    /// <summary>What the BERT and Punctuation pre-tokenizers split off: ASCII symbols and the category P of Unicode 8.</summary>
    public static bool IsPunctuation(int c) => BertPunctuationSet.Contains(c);

    /// <summary>Removed by the BERT normalizer's cleaning.</summary>
    public static bool IsBertRemoved(int c) => BertRemovedSet.Contains(c);

    /// <summary>Removed by the BERT normalizer's accent stripping.</summary>
    public static bool IsBertAccent(int c) => BertAccentSet.Contains(c);

    /// <summary>Removed by the StripAccents normalizer.</summary>
    public static bool IsAccent(int c) => AccentSet.Contains(c);

    /// <summary>The blocks that BERT surrounds with spaces.</summary>
    public static bool IsChinese(int c) => c >= 0x3400 && c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF)
        or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    /// <summary>
    /// Lower case of one code point, Unicode 17, without context (a final sigma stays σ). Only U+0130 gives two; its second,
    /// U+0307, is returned in <paramref name="second"/>, else 0.
    /// </summary>
    public static int ToLower(int c, out int second)
    {
        second = c == 0x130 ? 0x307 : 0;
        if (c < 0x80) return c is >= 'A' and <= 'Z' ? c + 32 : c;
        if (c == 0x130) return 'i';
        if (c is 0xA7CE or 0xA7D2 or 0xA7D4) return c + 1;
        if (c is >= 0x16EA0 and <= 0x16EB8) return c + 0x1B;
        return Rune.TryCreate(c, out Rune rune) ? Rune.ToLowerInvariant(rune).Value : c;
    }
}
