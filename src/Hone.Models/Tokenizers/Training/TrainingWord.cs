namespace Hone.Models.Tokenizers.Training;

/// <summary>A word of the training texts as the symbols it consists of so far.</summary>
internal sealed class TrainingWord(int[] symbols, long count)
{
    private int[] ids = symbols;
    private readonly int[] lengths = [.. Enumerable.Repeat(1, symbols.Length)];
    private int size = symbols.Length;

    /// <summary>How often the word occurs.</summary>
    public long Count => count;

    public ReadOnlySpan<int> Symbols => ids.AsSpan(0, size);

    /// <summary>
    /// Replaces every pair (left, right), from the left, and tells of each pair of neighbours that went (-1) or came (+1).
    /// A pair that would be <paramref name="maxLength"/> characters or longer does not come.
    /// </summary>
    public void Merge(int left, int right, int merged, int maxLength, List<((int Left, int Right) Pair, int Change)> changes)
    {
        int write = 0;
        for (int read = 0; read < size; write++)
        {
            if (read + 1 >= size || ids[read] != left || ids[read + 1] != right)
            {
                (ids[write], lengths[write]) = (ids[read], lengths[read]);
                read++;
                continue;
            }
            int length = lengths[read] + lengths[read + 1];
            if (write > 0)
            {
                changes.Add(((ids[write - 1], left), -1));
                if (lengths[write - 1] + length < maxLength) changes.Add(((ids[write - 1], merged), 1));
            }
            if (read + 2 < size)
            {
                changes.Add(((right, ids[read + 2]), -1));
                if (lengths[read + 2] + length < maxLength) changes.Add(((merged, ids[read + 2]), 1));
            }
            (ids[write], lengths[write]) = (merged, length);
            read += 2;
        }
        size = write;
    }
}
