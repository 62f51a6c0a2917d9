using System.Globalization;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>
/// The expressions of GPT-4o's o200k (contractions stay with their word, three digits at most) and of Mistral's Tekken
/// (neither): words are cut where lower case turns to upper case.
/// </summary>
internal sealed class Gpt4OScanner(bool contractions, int digits) : PieceScanner
{
    private const string Lead = @"[^\r\n\p{L}\p{N}]?", Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string Ends = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    public const string Gpt4O = Lead + Upper + "*" + Lower + "+" + Ends + "|" + Lead + Upper + "+" + Lower + "*" + Ends + @"|\p{N}{1,3}" + Tail;
    public const string Tekken = Lead + Upper + "*" + Lower + "+|" + Lead + Upper + "+" + Lower + @"*|\p{N}" + Tail;

    /// <summary>Capital letters; small letters; letters without case and marks, which go with either.</summary>
    private enum Case : byte
    {
        None,
        Capital,
        Small,
        Either,
    }

    private static readonly Case[] Cases = [.. Enumerable.Range(0, 0x10000).Select(CaseOf)];

    public override int Next(ReadOnlySpan<char> text, int start)
    {
        if (Word(text, start) is > 0 and int word) return contractions ? SkipContraction(text, word) : word;
        byte kind = CharKinds.At(text, start, out int size);
        int next = start + size;
        if (kind == CharKinds.Number) return SkipDigits(text, next, digits);
        bool symbolAfterSpace = text[start] == ' ' && next < text.Length && CharKinds.At(text, next, out _) == 0;
        if (kind == 0 || symbolAfterSpace) return SkipSymbols(text, next);
        return Spaces(text, start);
    }

    /// <summary>The four ways of the two word alternatives, in the order in which they are tried; 0 when none matches.</summary>
    private static int Word(ReadOnlySpan<char> text, int start)
    {
        byte kind = CharKinds.At(text, start, out int size);
        bool mayLead = kind is 0 or CharKinds.White && text[start] is not ('\r' or '\n');
        int after = mayLead && start + size < text.Length ? start + size : 0;
        if (after > 0 && WithSmall(text, after) is > 0 and int first) return first;
        if (WithSmall(text, start) is > 0 and int second) return second;
        if (after > 0 && Capitals(text, after) is int third && third > after) return third;
        return Capitals(text, start) is int fourth && fourth > start ? fourth : 0;
    }

    /// <summary>Capitals, then at least one small letter: if none follows, the last letter that could be one ends the word.</summary>
    private static int WithSmall(ReadOnlySpan<char> text, int start)
    {
        int lastEither = 0, at = start;
        while (at < text.Length && CaseAt(text, at, out int size) is Case.Capital or Case.Either)
        {
            if (CaseAt(text, at, out _) == Case.Either) lastEither = at + size;
            at += size;
        }
        if (at == text.Length || CaseAt(text, at, out _) != Case.Small) return lastEither;
        while (at < text.Length && CaseAt(text, at, out int size) is Case.Small or Case.Either) at += size;
        return at;
    }

    private static int Capitals(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && CaseAt(text, at, out int size) is Case.Capital or Case.Either) at += size;
        return at;
    }

    private static int SkipContraction(ReadOnlySpan<char> text, int at) =>
        at < text.Length && text[at] == '\'' && Cl100KScanner.Contraction(text, at) is > 0 and int end ? end : at;

    private static int SkipSymbols(ReadOnlySpan<char> text, int at)
    {
        at = CharKinds.SkipRun(text, at, 0);
        while (at < text.Length && text[at] is '\r' or '\n' or '/') at++;
        return at;
    }

    private static Case CaseAt(ReadOnlySpan<char> text, int index, out int size)
    {
        char c = text[index];
        size = 1;
        return char.IsSurrogate(c) ? CaseOf(CodePoints.At(text, index, out size)) : Cases[c];
    }

    private static Case CaseOf(int c) => CharacterClasses.Category(c) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => Case.Capital,
        UnicodeCategory.LowercaseLetter => Case.Small,
        UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Case.Either,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => Case.Either,
        _ => Case.None,
    };
}
