using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Patterns;

internal sealed partial class PatternParser
{
    /// <summary>[...] after its bracket: ranges, escapes, nested classes, [:names:], and intersections by &amp;&amp;.</summary>
    private CharSet ParseClass()
    {
        Func<int, bool> test = ParseClassBody();
        return SetOf(test);
    }

    private Func<int, bool> ParseClassBody()
    {
        if (++depth > DeepestNesting) throw Error($"classes nested deeper than {DeepestNesting}");
        bool negative = TryTake("^");
        List<Func<int, bool>> intersection = [];
        List<Func<int, bool>> union = [];
        bool first = true;
        while (true)
        {
            if (AtEnd) throw Error("a class that is not closed");
            if (!first && TryTake("]")) break;
            first = false;
            if (TryTake("&&"))
            {
                intersection.Add(AnyOf(union));
                union = [];
            }
            else
            {
                union.Add(ParseClassItem());
            }
        }
        intersection.Add(AnyOf(union));
        depth--;
        Func<int, bool>[] all = [.. intersection];
        return c => Array.TrueForAll(all, t => t(c)) != negative;
    }

    private static Func<int, bool> AnyOf(List<Func<int, bool>> union)
    {
        Func<int, bool>[] tests = [.. union];
        return c => Array.Exists(tests, t => t(c));
    }

    private Func<int, bool> ParseClassItem()
    {
        if (TryTake("[:")) return PosixClass();
        if (TryTake("[")) return ParseClassBody();
        int from;
        if (TryTake("\\"))
        {
            if (AtEnd) throw Error("a backslash at the end");
            if (TryTake("w")) return IsWordInClass;
            if (TryTake("W")) return c => !IsWordInClass(c);
            if (TryClassEscape(out Func<int, bool>? test)) return test!;
            from = TryTake("b") ? '\b' : CharacterEscape();
        }
        else
        {
            from = TakeCodePoint();
        }
        int to = RangeEnd(from);
        return c => c >= from && c <= to;
    }

    /// <summary>
    /// Oniguruma counts the superscript digits and fractions of Latin-1 as \w on their own, but not inside a class.
    /// </summary>
    private static bool IsWordInClass(int c) => CharacterClasses.IsRegexWord(c) && c is not (0xB2 or 0xB3 or 0xB9 or 0xBC or 0xBD or 0xBE);

    /// <summary>The end of a range, or <paramref name="from"/> when there is none ("a-]" is two characters).</summary>
    private int RangeEnd(int from)
    {
        if (position + 1 >= text.Length || text[position] != '-' || text[position + 1] is ']' or '[') return from;
        int start = position++;
        if (TryTake("\\"))
        {
            if (AtEnd) throw Error("a backslash at the end");
            if (PatternClasses.Shorthand(text[position]) is not null || text[position] is 'p' or 'P')
            {
                position = start;
                return from;
            }
            return Ordered(from, CharacterEscape());
        }
        return Ordered(from, TakeCodePoint());
    }

    private int Ordered(int from, int to) => to >= from ? to : throw Error("a range with its larger end first");

    private Func<int, bool> PosixClass()
    {
        bool negative = TryTake("^");
        int end = text.IndexOf(":]", position, StringComparison.Ordinal);
        if (end < 0) throw Error("a '[:' without its ':]'");
        string name = text[position..end];
        Func<int, bool> test = PatternClasses.Find(name) ?? throw Error($"an unknown class '[:{name}:]'");
        position = end + 2;
        return c => test(c) != negative;
    }
}
