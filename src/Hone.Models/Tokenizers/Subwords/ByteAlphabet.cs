using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// GPT-2's one visible character per byte: bytes that are printable in Latin-1 stand for themselves, the 68 others are
/// U+0100 and up in order.
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] CharOf = Build();
    private static readonly short[] ByteOf = Invert();

    /// <summary>The 256 characters, by byte.</summary>
    public static ReadOnlySpan<char> Chars => CharOf;

    /// <summary>The byte a character stands for, or -1.</summary>
    public static int ToByte(char c) => c < ByteOf.Length ? ByteOf[c] : -1;

    /// <summary>Writes the UTF-8 bytes of <paramref name="text"/> in the alphabet; each is aligned with its whole character.</summary>
    public static void Encode(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        AlignedTextBuilder builder = new(text, old.Length);
        Span<byte> utf8 = stackalloc byte[4];
        for (int i = 0; i < old.Length;)
        {
            int length = WriteUtf8(CodePoints.At(old, i, out int size), utf8);
            for (int k = 0; k < length; k++) builder.Append(CharOf[utf8[k]], i);
            i += size;
        }
        builder.Commit();
    }

    /// <summary>The alphabet's spelling of a string.</summary>
    public static string Encode(string text) => string.Concat(System.Text.Encoding.UTF8.GetBytes(text).Select(b => CharOf[b]));

    /// <summary>Writes one code point as UTF-8; a lone surrogate becomes U+FFFD.</summary>
    public static int WriteUtf8(int codePoint, Span<byte> target)
    {
        if (codePoint < 0x80)
        {
            target[0] = (byte)codePoint;
            return 1;
        }
        System.Text.Rune rune = System.Text.Rune.TryCreate(codePoint, out System.Text.Rune valid) ? valid : System.Text.Rune.ReplacementChar;
        return rune.EncodeToUtf8(target);
    }

    private static char[] Build()
    {
        char[] chars = new char[256];
        int next = 0x100;
        for (int b = 0; b < 256; b++)
            chars[b] = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)next++;
        return chars;
    }

    private static short[] Invert()
    {
        short[] bytes = new short[0x144];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++) bytes[CharOf[b]] = (short)b;
        return bytes;
    }
}
