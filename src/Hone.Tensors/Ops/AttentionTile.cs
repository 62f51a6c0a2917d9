using Hone.Tensors.Kernels.Matrix;

namespace Hone.Tensors.Ops;

/// <summary>
/// A block of queries of one sequence with all heads of one key head's group, gathered into contiguous rows: row r is query r / G,
/// head r % G of the group. One product with a block of keys then serves the whole group.
/// </summary>
internal readonly unsafe struct AttentionTile
{
    /// <summary>Keys per block: the scores of a tile take 100 KB of the second-level cache. 128 was 8 % slower, 512 no faster (one core, 512 tokens).</summary>
    public const int KeyBlock = 256;

    private readonly AttentionOptions options;
    private readonly int firstToken, firstPosition, kvHead, group, keyCount;

    public AttentionTile(Segments queries, Segments keys, AttentionOptions options, int s, int kvHead, int firstQuery)
    {
        (this.options, this.kvHead) = (options, kvHead);
        group = options.Heads / options.KvHeads;
        keyCount = keys.Length(s);
        firstToken = queries.Start(s) + firstQuery;
        firstPosition = firstQuery + keyCount - queries.Length(s);
        Rows = Math.Min(QueriesPerTile(options), queries.Length(s) - firstQuery) * group;
        FirstKey = AttentionSizes.Visible(firstPosition, keyCount, options).First;
        EndKey = AttentionSizes.Visible(PositionOf(Rows - 1), keyCount, options).End;
    }

    /// <summary>Rows gathered: queries times heads of the group.</summary>
    public int Rows { get; }

    /// <summary>The keys [FirstKey, EndKey) that at least one of the queries may see; none when EndKey is not larger.</summary>
    public int FirstKey { get; }

    public int EndKey { get; }

    /// <summary>About 100 rows, enough for products at full speed.</summary>
    public static int QueriesPerTile(AttentionOptions options) => Math.Max(16, 96 / (options.Heads / options.KvHeads) / 4 * 4);

    /// <summary>Largest <see cref="Rows"/>.</summary>
    public static int MaxRows(AttentionOptions options) => QueriesPerTile(options) * (options.Heads / options.KvHeads);

    /// <summary>What no query of the tile sees of the keys from <paramref name="firstKey"/> on, in the matrix of the scores; nothing where not only the past is seen.</summary>
    public Triangle Unseen(int firstKey) => options.Causal ? new Triangle(TrianglePart.Result, firstPosition - firstKey, group) : default;

    /// <summary>Position in its sequence of a row's query.</summary>
    public int PositionOf(int row) => firstPosition + row / group;

    /// <summary>Copies rows of [N, H · size] into [Rows, size], times a factor.</summary>
    public void Gather(float* source, int size, float factor, float* target)
    {
        for (int r = 0; r < Rows; r++)
            RowLoops.Scale(new(source + HeadIndex(r) * size, size), factor, new(target + (long)r * size, size));
    }

    /// <summary>Adds factor · [Rows, size] to rows of [N, H · size].</summary>
    public void ScatterAdd(float* source, int size, float factor, float* target)
    {
        for (int r = 0; r < Rows; r++)
            RowLoops.AddScaled(new(source + (long)r * size, size), factor, new(target + HeadIndex(r) * size, size));
    }

    /// <summary>Which of the N · H heads a row is, counted through the tokens.</summary>
    public long HeadIndex(int row) => (long)(firstToken + row / group) * options.Heads + kvHead * group + row % group;

    /// <summary>Which keys of [firstKey, firstKey + columns) a row sees, counted from <paramref name="firstKey"/>.</summary>
    public (int First, int Count) Seen(int row, int firstKey, int columns)
    {
        (int first, int end) = AttentionSizes.Visible(PositionOf(row), keyCount, options);
        first = Math.Clamp(first - firstKey, 0, columns);
        return (first, Math.Clamp(end - firstKey, first, columns) - first);
    }

    /// <summary>The part of a row of scores over keys [firstKey, firstKey + row.Length) that is visible; the rest is set to 0, its weight.</summary>
    /// <param name="row">The row.</param>
    /// <param name="index">Which.</param>
    /// <param name="firstKey">Key of the row's first number.</param>
    /// <param name="room">Floats from the first visible one to the end of the memory for the row, <see cref="KeyBlock"/> in all.</param>
    public Span<float> Visible(Span<float> row, int index, int firstKey, out int room)
    {
        (int first, int count) = Seen(index, firstKey, row.Length);
        room = KeyBlock - first;
        row[..first].Clear();
        row[(first + count)..].Clear();
        return row.Slice(first, count);
    }
}
