using System.Globalization;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>What the scanners ask of a code point, one table look-up for the first 64 Ki.</summary>
internal static class CharKinds
{
    public const byte Letter = 1, Number = 2, White = 4;

    private static readonly byte[] Table = BuildTable();

    /// <summary>The kind of the code point at <paramref name="index"/>: Letter, Number, White, or 0 for anything else.</summary>
    public static byte At(ReadOnlySpan<char> text, int index, out int size)
    {
        char c = text[index];
        size = 1;
        return char.IsSurrogate(c) ? Slow(text, index, out size) : Table[c];
    }

    /// <summary>End of the run of code points of the given kind from <paramref name="index"/> on.</summary>
    public static int SkipRun(ReadOnlySpan<char> text, int index, byte kind)
    {
        byte[] table = Table;
        while (index < text.Length)
        {
            char c = text[index];
            if (char.IsSurrogate(c))
            {
                if (Slow(text, index, out int size) != kind) return index;
                index += size;
            }
            else if (table[c] == kind)
            {
                index++;
            }
            else
            {
                return index;
            }
        }
        return index;
    }

    private static byte Slow(ReadOnlySpan<char> text, int index, out int size) => Compute(CodePoints.At(text, index, out size));

    private static byte Compute(int c) => CharacterClasses.IsWhiteSpace(c) ? White
        : CharacterClasses.Category(c) <= UnicodeCategory.OtherLetter ? Letter
        : CharacterClasses.IsNumber(c) ? Number : (byte)0;

    private static byte[] BuildTable()
    {
        byte[] table = new byte[0x10000];
        for (int c = 0; c < table.Length; c++) table[c] = Compute(c);
        return table;
    }
}
