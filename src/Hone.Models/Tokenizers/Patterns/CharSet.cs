using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

/// <summary>A set of code points a pattern may match at one place; ASCII by bit, the rest by asking.</summary>
internal sealed class CharSet
{
    private readonly Func<int, bool> test;
    private readonly ulong low, high;

    public CharSet(Func<int, bool> test)
    {
        this.test = test;
        for (int c = 0; c < 64; c++) low |= test(c) ? 1UL << c : 0;
        for (int c = 64; c < 128; c++) high |= test(c) ? 1UL << (c - 64) : 0;
    }

    public bool Contains(int c) => c < 64 ? (low >> c & 1) != 0 : c < 128 ? (high >> (c - 64) & 1) != 0 : test(c);

    /// <summary>The same set without regard to case.</summary>
    public CharSet IgnoringCase() => new(c => test(c) || test(Fold(c)) || test(CharacterClasses.ToLower(c, out _)) || test(ToUpper(c)));

    /// <summary>One code point, with or without regard to case.</summary>
    public static CharSet Of(int codePoint, bool ignoreCase)
    {
        if (!ignoreCase) return new(c => c == codePoint);
        int folded = Fold(codePoint);
        return new(c => Fold(c) == folded);
    }

    /// <summary>Simple case folding: lower case, with the letters whose lower case is not where their fellows meet.</summary>
    public static int Fold(int c) => c switch
    {
        < 0x80 => c is >= 'A' and <= 'Z' ? c + 32 : c,
        0x17F => 's',
        0x1E9E => 0xDF,
        0x3C2 => 0x3C3,
        _ => CharacterClasses.ToLower(c, out _),
    };

    private static int ToUpper(int c) =>
        System.Text.Rune.TryCreate(c, out System.Text.Rune rune) ? System.Text.Rune.ToUpperInvariant(rune).Value : c;
}
