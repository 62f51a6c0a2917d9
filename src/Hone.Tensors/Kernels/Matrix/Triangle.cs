namespace Hone.Tensors.Kernels.Matrix;

/// <summary>What of a product may be left out.</summary>
internal enum TrianglePart
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Nobody reads C[row, column] from the row's end on: it may keep what was there.</summary>
    Result,

    /// <summary>A[row, step] is zero from the row's end on.</summary>
    Left,

    /// <summary>A is the transpose of such a factor: A[row, step] is zero where row is not before the end of step.</summary>
    LeftTransposed,
}

/// <summary>
/// The triangle of causal attention, left out by whole tiles: permission to skip work, not a change of the result. The products that add
/// to their result only, since a tile without any step is not touched.
/// </summary>
/// <param name="Part">Which matrix has the triangle.</param>
/// <param name="Offset">End of the first row, less one.</param>
/// <param name="Group">Rows that have the same end; the next group's is one larger.</param>
internal readonly record struct Triangle(TrianglePart Part, int Offset, int Group)
{
    /// <summary>The same triangle in another matrix.</summary>
    public Triangle In(TrianglePart part) => Part == TrianglePart.None ? this : this with { Part = part };

    /// <summary>Steps [first, end) of [0, depth) that a tile needs; none when end is not larger.</summary>
    /// <param name="row">The tile's first row.</param>
    /// <param name="rows">How many it has.</param>
    /// <param name="column">Its first column.</param>
    /// <param name="k">The step counted as 0.</param>
    /// <param name="depth">Steps.</param>
    public (int First, int End) Steps(int row, int rows, int column, int k, int depth) => Part switch
    {
        TrianglePart.Result => (0, column < End(row + rows - 1) ? depth : 0),
        TrianglePart.Left => (0, Math.Min(depth, End(row + rows - 1) - k)),
        TrianglePart.LeftTransposed => (Math.Max(0, (row - Offset) * Group - k), depth),
        _ => (0, depth),
    };

    private int End(int row) => row / Group + Offset + 1;
}
