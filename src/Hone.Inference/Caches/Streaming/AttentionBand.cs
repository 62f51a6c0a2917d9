namespace Hone.Inference.Caches.Streaming;

/// <summary>
/// What tokens attend to among their near predecessors: row i holds the weight on the columns i, i − 1, … i − width + 1. Wide enough for
/// every span that may be found, and far smaller than the whole map.
/// </summary>
public sealed class AttentionBand(int width)
{
    private readonly List<float[]> rows = [];

    /// <summary>Columns of each row.</summary>
    public int Width => width;

    /// <summary>Rows, one for each token.</summary>
    public int Count => rows.Count;

    /// <summary>Weight of token <paramref name="row"/> on token <paramref name="column"/>; 0 outside the band and above the diagonal.</summary>
    public float this[int row, int column] => column > row || row - column >= width ? 0 : rows[row][row - column];

    /// <summary>Adds the next token's row.</summary>
    /// <param name="weights">[width] on itself, its predecessor and so on.</param>
    public void Add(float[] weights) => rows.Add(weights.Length == width ? weights : throw new ArgumentException($"{weights.Length} weights for a band of {width}"));

    /// <summary>Drops the first rows.</summary>
    public void DropFirst(int count) => rows.RemoveRange(0, count);

    /// <summary>The band of the first tokens alone.</summary>
    public AttentionBand First(int count)
    {
        AttentionBand first = new(width);
        first.rows.AddRange(rows.Take(count));
        return first;
    }

    /// <summary>A copy; rows do not change and are shared.</summary>
    public AttentionBand Fork()
    {
        AttentionBand fork = new(width);
        fork.rows.AddRange(rows);
        return fork;
    }

    /// <summary>All rows.</summary>
    internal void Save(StreamWriting to)
    {
        to.Int(Count);
        foreach (float[] row in rows) to.Floats(row);
    }

    /// <summary>Reads rows into an empty band.</summary>
    internal void Load(StreamReading from)
    {
        for (int left = from.CountOf(width * sizeof(float)); left > 0; left--)
        {
            float[] row = new float[width];
            from.Floats(row);
            Add(row);
        }
    }

    /// <summary>The band of a whole map [n, n] given row after row.</summary>
    public static AttentionBand Of(float[][] map, int width)
    {
        AttentionBand band = new(width);
        for (int i = 0; i < map.Length; i++) band.Add([.. Enumerable.Range(0, width).Select(d => d <= i ? map[i][i - d] : 0)]);
        return band;
    }
}
