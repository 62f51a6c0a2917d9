using System.Globalization;
using System.Text;

namespace Hone.Models.Templates;

/// <summary>Strings as Python sees them: sequences of code points, with Python's idea of white space.</summary>
internal static class PythonText
{
    /// <summary>Whether Python's <c>str.isspace</c> and <c>\s</c> hold.</summary>
    public static bool IsSpace(char c) => c switch
    {
        ' ' or (>= '\t' and <= '\r') or (>= '\x1c' and <= '\x1f') or '\x85' or '\xa0' or '\u1680' => true,
        (>= '\u2000' and <= '\u200a') or '\u2028' or '\u2029' or '\u202f' or '\u205f' or '\u3000' => true,
        _ => false,
    };

    public static bool HasSurrogates(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\ud800', '\udfff') >= 0;

    /// <summary>Number of code points.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        if (!HasSurrogates(text)) return text.Length;
        int count = 0;
        for (int i = 0; i < text.Length; i += Width(text, i)) count++;
        return count;
    }

    /// <summary>UTF-16 units of the code point at <paramref name="index"/>.</summary>
    public static int Width(ReadOnlySpan<char> text, int index) =>
        char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;

    /// <summary>Each code point as a string.</summary>
    public static IEnumerable<string> CodePoints(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int width = Width(text, i);
            yield return text.Substring(i, width);
            i += width;
        }
    }

    /// <summary>UTF-16 index of code point <paramref name="position"/>, which lies in 0..Length.</summary>
    public static int Utf16Index(string text, int position)
    {
        if (!HasSurrogates(text)) return position;
        int i = 0;
        for (; position > 0; position--) i += Width(text, i);
        return i;
    }

    /// <summary>The code point at a Python index, negative from the end; null outside.</summary>
    public static string? At(string text, long index)
    {
        int length = Length(text);
        if (index < 0) index += length;
        if (index < 0 || index >= length) return null;
        int start = Utf16Index(text, (int)index);
        return text.Substring(start, Width(text, start));
    }

    /// <summary>Order by code point; UTF-16 order differs where a surrogate meets U+E000 and above.</summary>
    public static int Compare(string a, string b)
    {
        int shared = Math.Min(a.Length, b.Length);
        int i = a.AsSpan(0, shared).CommonPrefixLength(b.AsSpan(0, shared));
        if (i == shared) return a.Length.CompareTo(b.Length);
        char x = a[i], y = b[i];
        bool swap = char.IsSurrogate(x) != char.IsSurrogate(y) && Math.Max(x, y) >= '\ue000';
        return swap ? y.CompareTo(x) : x.CompareTo(y);
    }

    public static string Strip(string text, string? characters, bool left = true, bool right = true)
    {
        int start = 0, end = text.Length;
        while (left && start < end && Matches(text, start, characters)) start += Width(text, start);
        while (right && end > start)
        {
            int last = end > 1 && char.IsLowSurrogate(text[end - 1]) && char.IsHighSurrogate(text[end - 2]) ? end - 2 : end - 1;
            if (!Matches(text, last, characters)) break;
            end = last;
        }
        return text[start..end];
    }

    private static bool Matches(string text, int index, string? characters) =>
        characters is null ? IsSpace(text[index]) : characters.AsSpan().IndexOf(text.AsSpan(index, Width(text, index))) >= 0;

    /// <summary>Python's <c>str.isprintable</c> of one code point: what repr shows as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or
        UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
