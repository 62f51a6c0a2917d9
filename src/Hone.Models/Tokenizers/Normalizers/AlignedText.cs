namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>
/// Text on its way through normalizers and pre-tokenizers, which remembers for every UTF-16 unit the range of the original
/// text it came from. A slice is a view until it is changed. Without tracking (ids alone are wanted) no ranges are kept.
/// </summary>
internal sealed class AlignedText
{
    private char[] chars;
    private int[]? starts;
    private int[]? ends;
    private int offset;
    private readonly int originalLength;

    private AlignedText(char[] chars, int[]? starts, int[]? ends, int offset, int length, int shift, int originalLength) =>
        (this.chars, this.starts, this.ends, this.offset, Length, Shift, this.originalLength) = (chars, starts, ends, offset, length, shift, originalLength);

    /// <summary>The original text, aligned with itself code point by code point.</summary>
    public static AlignedText From(ReadOnlySpan<char> text, bool track)
    {
        if (!track) return new(text.ToArray(), null, null, 0, text.Length, 0, text.Length);
        int[] starts = new int[text.Length], ends = new int[text.Length];
        for (int i = 0; i < text.Length;)
        {
            Unicode.CodePoints.At(text, i, out int size);
            for (int k = i; k < i + size; k++) (starts[k], ends[k]) = (i, i + size);
            i += size;
        }
        return new(text.ToArray(), starts, ends, 0, text.Length, 0, text.Length);
    }

    /// <summary>Length in UTF-16 units.</summary>
    public int Length { get; private set; }

    /// <summary>Where this slice begins in the original text, in UTF-16 units.</summary>
    public int Shift { get; }

    public bool IsTracked => starts is not null;

    public ReadOnlySpan<char> Span => chars.AsSpan(offset, Length);

    /// <summary>A view of [<paramref name="start"/>, <paramref name="end"/>).</summary>
    public AlignedText Slice(int start, int end) =>
        new(chars, starts, ends, offset + start, end - start, starts is null || end == start ? Shift : starts[offset + start], originalLength);

    /// <summary>The range of the original text, in UTF-16 units, that [start, end) came from.</summary>
    public (int Start, int End) OriginalRange(int start, int end) => start >= end || starts is null || end > Length
        ? (Shift + start, Shift + end)
        : (starts[offset + start], ends![offset + end - 1]);

    /// <summary>The original range of one unit.</summary>
    public (int Start, int End) AlignmentOf(int index) =>
        index < 0 ? (Shift, Shift) : (starts![offset + index], ends![offset + index]);

    /// <summary>Puts <paramref name="prefix"/> in front, aligned with the first code point. Empty text stays empty.</summary>
    public void Prepend(string prefix)
    {
        if (Length == 0) return;
        AlignedTextBuilder builder = new(this, Length + prefix.Length);
        builder.Append(prefix, 0);
        builder.CopyRange(0, Length);
        builder.Commit();
    }

    /// <summary>Replaces one UTF-16 unit by another wherever it stands; ranges stay as they are.</summary>
    public void ReplaceEach(char old, char replacement)
    {
        if (!Span.Contains(old)) return;
        char[] replaced = new char[Length];
        Span.Replace(replaced, old, replacement);
        if (starts is not null) (starts, ends) = (starts[offset..(offset + Length)], ends![offset..(offset + Length)]);
        (chars, offset) = (replaced, 0);
    }

    /// <summary>Guards against rules that multiply text: no normal form makes more than 18 characters of one.</summary>
    /// <exception cref="Core.HoneException">The length is out of proportion.</exception>
    internal void CheckGrowth(int newLength)
    {
        if (newLength > 32L * originalLength + (1 << 20))
            throw new Core.HoneException($"the tokenizer's normalizer makes a text of {originalLength} characters longer than {newLength}.");
    }

    /// <summary>Takes over what a builder made.</summary>
    internal void Become(char[] newChars, int[]? newStarts, int[]? newEnds, int newLength) =>
        (chars, starts, ends, offset, Length) = (newChars, newStarts, newEnds, 0, newLength);
}
