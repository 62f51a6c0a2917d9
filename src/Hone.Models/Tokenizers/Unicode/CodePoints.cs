namespace Hone.Models.Tokenizers.Unicode;

/// <summary>
/// Reading and writing Unicode code points in UTF-16 text. A surrogate without its partner counts as one code point of its
/// own and becomes U+FFFD in UTF-8.
/// </summary>
internal static class CodePoints
{
    /// <summary>The code point that starts at <paramref name="index"/>, and its length in UTF-16 units (1 or 2).</summary>
    public static int At(ReadOnlySpan<char> text, int index, out int length)
    {
        char first = text[index];
        if (char.IsHighSurrogate(first) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(first, text[index + 1]);
        }
        length = 1;
        return first;
    }

    /// <summary>The code point that ends before <paramref name="end"/>, and its length in UTF-16 units.</summary>
    public static int Before(ReadOnlySpan<char> text, int end, out int length)
    {
        char last = text[end - 1];
        if (char.IsLowSurrogate(last) && end >= 2 && char.IsHighSurrogate(text[end - 2]))
        {
            length = 2;
            return char.ConvertToUtf32(text[end - 2], last);
        }
        length = 1;
        return last;
    }

    /// <summary>Writes a code point and returns how many UTF-16 units it took.</summary>
    public static int Write(int codePoint, Span<char> target)
    {
        if (codePoint < 0x10000)
        {
            target[0] = (char)codePoint;
            return 1;
        }
        target[0] = (char)(0xD7C0 + (codePoint >> 10));
        target[1] = (char)(0xDC00 + (codePoint & 0x3FF));
        return 2;
    }

    /// <summary>Length in UTF-8; 3 for a lone surrogate, which is written as U+FFFD.</summary>
    public static int Utf8Length(int codePoint) => codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;

    /// <summary>Number of code points.</summary>
    public static int Count(ReadOnlySpan<char> text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; count++)
        {
            At(text, i, out int length);
            i += length;
        }
        return count;
    }

    /// <summary>UTF-16 index of the code point that holds byte <paramref name="offset"/> of the text's UTF-8 form.</summary>
    public static int IndexOfUtf8Offset(ReadOnlySpan<char> text, ref int index, ref int bytes, int offset)
    {
        while (index < text.Length)
        {
            int size = Utf8Length(At(text, index, out int length));
            if (bytes + size > offset) break;
            bytes += size;
            index += length;
        }
        return index;
    }
}
