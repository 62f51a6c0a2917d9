using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>Cuts numbers off, digit by digit or as runs, as the Digits pre-tokenizer does.</summary>
internal sealed class DigitScanner(bool individual) : PieceScanner
{
    public override int Next(ReadOnlySpan<char> text, int start)
    {
        bool number = CharacterClasses.IsNumeric(CodePoints.At(text, start, out int size));
        int at = start + size;
        if (number && individual) return at;
        while (at < text.Length)
        {
            if (IsNumber(text, at, out size) != number) return at;
            at += size;
        }
        return at;
    }

    private static bool IsNumber(ReadOnlySpan<char> text, int index, out int size)
    {
        char c = text[index];
        size = 1;
        return c < 0x80 ? char.IsAsciiDigit(c) : CharacterClasses.IsNumeric(CodePoints.At(text, index, out size));
    }
}
