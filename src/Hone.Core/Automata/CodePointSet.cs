namespace Hone.Core.Automata;

/// <summary>A range of code points, both ends included.</summary>
public readonly record struct CodePointRange(int Low, int High);

/// <summary>
/// A set of Unicode scalar values (code points without surrogates), kept as sorted ranges that neither touch nor overlap.
/// </summary>
public sealed class CodePointSet
{
    /// <summary>No code point.</summary>
    public static CodePointSet Empty { get; } = new([]);

    /// <summary>Every scalar value.</summary>
    public static CodePointSet All { get; } = Of((0, 0xD7FF), (0xE000, 0x10FFFF));

    private readonly CodePointRange[] ranges;

    private CodePointSet(CodePointRange[] ranges) => this.ranges = ranges;

    /// <summary>The ranges, in order.</summary>
    public IReadOnlyList<CodePointRange> Ranges => ranges;

    /// <summary>Whether nothing is in it.</summary>
    public bool IsEmpty => ranges.Length == 0;

    /// <summary>A set of ranges given in any order; surrogates are left out.</summary>
    public static CodePointSet Of(params IEnumerable<(int Low, int High)> parts)
    {
        List<CodePointRange> merged = [];
        foreach ((int low, int high) in parts.SelectMany(WithoutSurrogates).OrderBy(p => p.Low))
        {
            if (merged.Count > 0 && low <= merged[^1].High + 1) merged[^1] = new(merged[^1].Low, Math.Max(high, merged[^1].High));
            else merged.Add(new(low, high));
        }
        return new([.. merged]);
    }

    /// <summary>One code point.</summary>
    public static CodePointSet Single(int codePoint) => Of((codePoint, codePoint));

    /// <summary>All code points of which <paramref name="holds"/> is true.</summary>
    public static CodePointSet Where(Func<int, bool> holds)
    {
        List<(int, int)> parts = [];
        int start = -1;
        for (int c = 0; c <= 0x110000; c++)
        {
            bool inside = c <= 0x10FFFF && c is < 0xD800 or > 0xDFFF && c <= 0x10FFFF && holds(c);
            if (inside && start < 0) start = c;
            if (inside || start < 0) continue;
            parts.Add((start, c - 1));
            start = -1;
        }
        return Of(parts);
    }

    /// <summary>Whether the code point is in the set; logarithmic.</summary>
    public bool Contains(int codePoint)
    {
        int low = 0, high = ranges.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (codePoint < ranges[middle].Low) high = middle - 1;
            else if (codePoint > ranges[middle].High) low = middle + 1;
            else return true;
        }
        return false;
    }

    /// <summary>What is in either.</summary>
    public CodePointSet Union(CodePointSet other) => Of(ranges.Concat(other.ranges).Select(r => (r.Low, r.High)));

    /// <summary>What is in both.</summary>
    public CodePointSet Intersect(CodePointSet other)
    {
        List<(int, int)> parts = [];
        for (int i = 0, j = 0; i < ranges.Length && j < other.ranges.Length;)
        {
            int low = Math.Max(ranges[i].Low, other.ranges[j].Low), high = Math.Min(ranges[i].High, other.ranges[j].High);
            if (low <= high) parts.Add((low, high));
            if (ranges[i].High < other.ranges[j].High) i++;
            else j++;
        }
        return Of(parts);
    }

    /// <summary>Every scalar value that is not in it.</summary>
    public CodePointSet Complement()
    {
        List<(int, int)> parts = [];
        int next = 0;
        foreach (CodePointRange range in ranges)
        {
            if (range.Low > next) parts.Add((next, range.Low - 1));
            next = range.High + 1;
        }
        if (next <= 0x10FFFF) parts.Add((next, 0x10FFFF));
        return Of(parts);
    }

    /// <summary>What is in this and not in <paramref name="other"/>.</summary>
    public CodePointSet Except(CodePointSet other) => Intersect(other.Complement());

    private static IEnumerable<(int Low, int High)> WithoutSurrogates((int Low, int High) part)
    {
        if (part.Low < 0xD800 && part.High > 0xDFFF)
        {
            yield return (part.Low, 0xD7FF);
            yield return (0xE000, part.High);
            yield break;
        }
        int low = part.Low is >= 0xD800 and <= 0xDFFF ? 0xE000 : part.Low, high = part.High is >= 0xD800 and <= 0xDFFF ? 0xD7FF : part.High;
        if (low <= high) yield return (low, high);
    }
}
