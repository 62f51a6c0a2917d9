namespace Hone.Training.Batching;

/// <summary>A stretch of one source sequence: which, from where, how long.</summary>
public readonly record struct Piece(int Sequence, int Offset, int Length);

/// <summary>
/// How sequences share rows. Best-fit decreasing keeps sequences whole where it can: Ding et al., "Fewer Truncations Improve
/// Language Modeling", arXiv:2404.10830. Layouts equal TRL's pack_dataset, order included.
/// </summary>
public static class SequencePacking
{
    /// <summary>
    /// Packs in windows of <paramref name="window"/> sequences that never share a row (TRL: 1,000), which bounds how far a
    /// sequence moves from its place in the data.
    /// </summary>
    public static List<List<Piece>> InWindows(
        IReadOnlyList<int> lengths, int rowLength, int window, Func<IReadOnlyList<int>, int, List<List<Piece>>> strategy)
    {
        List<List<Piece>> rows = [];
        for (int first = 0; first < lengths.Count; first += window)
        {
            int[] part = [.. lengths.Skip(first).Take(window)];
            foreach (List<Piece> row in strategy(part, rowLength))
                rows.Add([.. row.Select(p => p with { Sequence = p.Sequence + first })]);
        }
        return rows;
    }

    /// <summary>
    /// Best-fit decreasing: lengths are cut to <paramref name="rowLength"/> (the rest is dropped), sorted longest first (ties
    /// in input order), each put into the open row with the smallest space that suffices, the oldest among equals.
    /// </summary>
    public static List<List<Piece>> BestFitDecreasing(IReadOnlyList<int> lengths, int rowLength) =>
        Fit(Enumerable.Range(0, lengths.Count).Select(i => new Piece(i, 0, Math.Min(lengths[i], rowLength))), rowLength);

    /// <summary>Like <see cref="BestFitDecreasing"/>, but sequences longer than a row are first cut into pieces, so nothing is lost.</summary>
    public static List<List<Piece>> BestFitDecreasingSplit(IReadOnlyList<int> lengths, int rowLength) =>
        Fit(Cut(lengths, rowLength), rowLength);

    /// <summary>One stream cut every <paramref name="rowLength"/> tokens; sequences share rows without a border between them.</summary>
    public static List<List<Piece>> Wrapped(IReadOnlyList<int> lengths, int rowLength)
    {
        List<List<Piece>> rows = [];
        int space = 0;
        for (int i = 0; i < lengths.Count; i++)
        {
            for (int offset = 0; offset < lengths[i];)
            {
                if (space == 0)
                {
                    rows.Add([]);
                    space = rowLength;
                }
                int take = Math.Min(space, lengths[i] - offset);
                rows[^1].Add(new(i, offset, take));
                offset += take;
                space -= take;
            }
        }
        return rows;
    }

    private static IEnumerable<Piece> Cut(IReadOnlyList<int> lengths, int rowLength)
    {
        for (int i = 0; i < lengths.Count; i++)
            for (int offset = 0; offset < lengths[i]; offset += rowLength)
                yield return new(i, offset, Math.Min(rowLength, lengths[i] - offset));
    }

    private static List<List<Piece>> Fit(IEnumerable<Piece> pieces, int rowLength)
    {
        List<List<Piece>> rows = [];
        SortedSet<(int Space, int Row)> open = [];
        foreach (Piece piece in pieces.Where(p => p.Length > 0).OrderByDescending(p => p.Length)) // a stable sort
        {
            (int space, int row) = open.GetViewBetween((piece.Length, 0), (rowLength, int.MaxValue)).Min;
            if (space == 0)
            {
                (space, row) = (rowLength, rows.Count);
                rows.Add([]);
            }
            open.Remove((space, row));
            rows[row].Add(piece);
            if (space > piece.Length) open.Add((space - piece.Length, row));
        }
        return rows;
    }
}
