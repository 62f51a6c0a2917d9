using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>
/// New text written as a list of (code point, change): 0 replaces the next old code point, 1 is inserted after the last one,
/// -n replaces one and drops the n that follow it. The reference describes normal forms this way, and offsets follow from it.
/// </summary>
internal sealed class ChangeList
{
    private readonly List<(int CodePoint, int Change)> items = [];

    public int Count => items.Count;

    public (int CodePoint, int Change) this[int index]
    {
        get => items[index];
        set => items[index] = value;
    }

    public void Add(int codePoint, int change) => items.Add((codePoint, change));

    /// <summary>Rewrites <paramref name="text"/>.</summary>
    public void ApplyTo(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        AlignedTextBuilder builder = new(text, old.Length);
        int position = 0;
        foreach ((int codePoint, int change) in items)
        {
            builder.Append(codePoint, change > 0 ? position - 1 : Math.Min(position, old.Length - 1));
            for (int drop = change > 0 ? 0 : 1 - change; drop > 0 && position < old.Length; drop--)
            {
                CodePoints.At(old, position, out int size);
                position += size;
            }
        }
        builder.Commit();
    }
}
