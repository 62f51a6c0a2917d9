namespace Hone.Models.Tokenizers.Patterns;

/// <summary>
/// A hand-written scanner that cuts text exactly as one well-known regular expression does. Such an expression matches
/// something at every place, so pieces follow each other without gaps.
/// </summary>
internal abstract class PieceScanner
{
    /// <summary>End of the piece that starts at <paramref name="start"/>, which is before the end of the text.</summary>
    public abstract int Next(ReadOnlySpan<char> text, int start);

    /// <summary>The scanner for an expression, or null when there is none.</summary>
    public static PieceScanner? For(string pattern) => pattern switch
    {
        Gpt2Scanner.Pattern => new Gpt2Scanner(),
        Cl100KScanner.ThreeDigits => new Cl100KScanner(3),
        Cl100KScanner.OneDigit => new Cl100KScanner(1),
        Gpt4OScanner.Gpt4O => new Gpt4OScanner(contractions: true, 3),
        Gpt4OScanner.Tekken => new Gpt4OScanner(contractions: false, 1),
        _ => null,
    };

    /// <summary>
    /// <c>\s+(?!\S)|\s+</c>: white space up to <paramref name="end"/>, leaving its last character to the word that follows.
    /// </summary>
    protected static int EndOfSpaces(ReadOnlySpan<char> text, int start, int end) =>
        end == text.Length || end == start + 1 ? end : end - 1;

    /// <summary><c>\s*[\r\n]+|\s+(?!\S)|\s+</c>: white space up to its last line break, or as <see cref="EndOfSpaces"/>.</summary>
    protected static int Spaces(ReadOnlySpan<char> text, int start)
    {
        int end = CharKinds.SkipRun(text, start, CharKinds.White);
        int newline = text[start..end].LastIndexOfAny('\r', '\n');
        return newline >= 0 ? start + newline + 1 : EndOfSpaces(text, start, end);
    }

    /// <summary>The rest of a run of at most <paramref name="digits"/> numbers, of which one is before <paramref name="at"/>.</summary>
    protected static int SkipDigits(ReadOnlySpan<char> text, int at, int digits)
    {
        for (int count = 1; count < digits && at < text.Length; count++)
        {
            if (CharKinds.At(text, at, out int size) != CharKinds.Number) break;
            at += size;
        }
        return at;
    }
}

/// <summary>Finds the pieces of a <see cref="PieceScanner"/>.</summary>
internal sealed class ScannerPattern(PieceScanner scanner) : TextPattern
{
    public PieceScanner Scanner => scanner;

    public override List<Segment> Find(ReadOnlySpan<char> text)
    {
        List<Segment> segments = [];
        for (int at = 0; at < text.Length;)
        {
            int end = scanner.Next(text, at);
            segments.Add(new(at, end, true));
            at = end;
        }
        return segments;
    }
}

/// <summary>The expression of GPT-2 (Radford et al. 2019), which ByteLevel uses.</summary>
internal sealed class Gpt2Scanner : PieceScanner
{
    public const string Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    public override int Next(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && Contraction(text, start) is > 0 and int end) return end;
        int at = first == ' ' && start + 1 < text.Length ? start + 1 : start;
        byte kind = CharKinds.At(text, at, out int size);
        if (kind != CharKinds.White) return CharKinds.SkipRun(text, at + size, kind);
        return EndOfSpaces(text, start, CharKinds.SkipRun(text, start, CharKinds.White));
    }

    private static int Contraction(ReadOnlySpan<char> text, int start)
    {
        if (start + 1 >= text.Length) return 0;
        char a = text[start + 1], b = start + 2 < text.Length ? text[start + 2] : '\0';
        if (a is 's' or 't' or 'm' or 'd') return start + 2;
        return (a, b) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? start + 3 : 0;
    }
}

/// <summary>The expression of GPT-4's cl100k and Llama 3 (three digits at most), or of Qwen2 (single digits).</summary>
internal sealed class Cl100KScanner(int digits) : PieceScanner
{
    private const string Head = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}";
    private const string Tail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    public const string ThreeDigits = Head + "{1,3}" + Tail;
    public const string OneDigit = Head + Tail;

    public override int Next(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && Contraction(text, start) is > 0 and int end) return end;
        byte kind = CharKinds.At(text, start, out int size);
        int next = start + size;
        if (kind == CharKinds.Letter) return CharKinds.SkipRun(text, next, CharKinds.Letter);
        if (kind == CharKinds.Number) return SkipDigits(text, next, digits);
        byte nextKind = next < text.Length ? CharKinds.At(text, next, out _) : CharKinds.White;
        if (nextKind == CharKinds.Letter && first is not ('\r' or '\n')) return CharKinds.SkipRun(text, next, CharKinds.Letter);
        if (kind == 0 || (first == ' ' && nextKind == 0 && next < text.Length)) return SkipSymbols(text, next);
        return Spaces(text, start);
    }

    private static int SkipSymbols(ReadOnlySpan<char> text, int at)
    {
        at = CharKinds.SkipRun(text, at, 0);
        while (at < text.Length && text[at] is ('\r' or '\n')) at++;
        return at;
    }

    /// <summary>Without regard to case; the long s (U+017F) is an s.</summary>
    internal static int Contraction(ReadOnlySpan<char> text, int start)
    {
        if (start + 1 >= text.Length) return 0;
        int a = CharSet.Fold(text[start + 1]), b = start + 2 < text.Length ? CharSet.Fold(text[start + 2]) : 0;
        if (a is 's' or 't' or 'm' or 'd') return start + 2;
        return (a, b) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? start + 3 : 0;
    }
}
