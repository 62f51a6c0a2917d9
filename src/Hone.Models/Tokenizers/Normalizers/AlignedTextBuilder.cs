namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>Builds the next state of an <see cref="AlignedText"/>: each piece appended names the unit it came from.</summary>
internal sealed class AlignedTextBuilder
{
    private readonly AlignedText source;
    private char[] chars;
    private int[]? starts;
    private int[]? ends;
    private int length;

    public AlignedTextBuilder(AlignedText source, int capacity)
    {
        this.source = source;
        chars = new char[Math.Max(capacity, 4)];
        if (source.IsTracked) (starts, ends) = (new int[chars.Length], new int[chars.Length]);
    }

    /// <summary>Appends a code point aligned as the source's unit <paramref name="from"/>; -1 stands before the first.</summary>
    public void Append(int codePoint, int from)
    {
        Reserve(2);
        int size = Unicode.CodePoints.Write(codePoint, chars.AsSpan(length));
        Align(size, from);
    }

    public void Append(ReadOnlySpan<char> text, int from)
    {
        Reserve(text.Length);
        text.CopyTo(chars.AsSpan(length));
        Align(text.Length, from);
    }

    /// <summary>Keeps [start, end) of the source as it is.</summary>
    public void CopyRange(int start, int end)
    {
        Reserve(end - start);
        source.Span[start..end].CopyTo(chars.AsSpan(length));
        if (starts is not null)
            for (int i = start; i < end; i++) (starts[length + i - start], ends![length + i - start]) = source.AlignmentOf(i);
        length += end - start;
    }

    /// <summary>Replaces the source's content.</summary>
    public void Commit() => source.Become(chars, starts, ends, length);

    private void Align(int size, int from)
    {
        if (starts is not null)
        {
            (int start, int end) = source.AlignmentOf(from);
            starts.AsSpan(length, size).Fill(start);
            ends.AsSpan(length, size).Fill(end);
        }
        length += size;
    }

    private void Reserve(int more)
    {
        if (length + more <= chars.Length) return;
        source.CheckGrowth(length + more);
        int capacity = Math.Max(length + more, chars.Length * 2);
        Array.Resize(ref chars, capacity);
        if (starts is null) return;
        Array.Resize(ref starts, capacity);
        Array.Resize(ref ends, capacity);
    }
}
