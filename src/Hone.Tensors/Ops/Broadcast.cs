namespace Hone.Tensors.Ops;

/// <summary>Distances between neighbours along four dimensions, in elements; 0 repeats.</summary>
internal readonly record struct Strides(int S0, int S1, int S2, int S3)
{
    /// <summary>Where row <paramref name="row"/> of a [d0, d1, d2, d3] result starts, its first three dimensions flattened.</summary>
    public long RowStart(int row, Shape sizes)
    {
        int i2 = row % sizes[2], rest = row / sizes[2];
        return (long)(rest / sizes[1]) * S0 + (long)(rest % sizes[1]) * S1 + (long)i2 * S2;
    }
}

/// <summary>
/// How two shapes combine under NumPy's rules: aligned at the last dimension, a size of 1 (or a missing dimension) repeats.
/// Both are brought to rank 4.
/// </summary>
internal readonly struct Broadcast
{
    public Broadcast(Shape a, Shape b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        Span<int> sizes = stackalloc int[4];
        for (int i = 0; i < 4; i++)
        {
            int da = SizeAt(a, i), db = SizeAt(b, i);
            if (da != db && da != 1 && db != 1) throw new ArgumentException($"shapes {a} and {b} do not broadcast");
            sizes[i] = da == 1 ? db : da;
        }
        Shape = Shape.Of(sizes[(4 - rank)..]);
        Sizes = new(sizes[0], sizes[1], sizes[2], sizes[3]);
        A = StridesOf(a, Sizes);
        B = StridesOf(b, Sizes);
        SameCount = a.Count == Shape.Count && b.Count == Shape.Count;
    }

    /// <summary>The result's shape.</summary>
    public Shape Shape { get; }

    /// <summary>The result's sizes at rank 4.</summary>
    public Shape Sizes { get; }

    public Strides A { get; }

    public Strides B { get; }

    /// <summary>Nothing repeats: both operands are walked like the result.</summary>
    public bool SameCount { get; }

    private static int SizeAt(Shape shape, int index)
    {
        int own = index - (4 - shape.Rank);
        return own < 0 ? 1 : shape[own];
    }

    private static Strides StridesOf(Shape shape, Shape sizes)
    {
        Span<int> strides = stackalloc int[4];
        int step = 1;
        for (int i = 3; i >= 0; i--)
        {
            int size = SizeAt(shape, i);
            strides[i] = size == 1 && sizes[i] != 1 ? 0 : step;
            step *= size;
        }
        return new(strides[0], strides[1], strides[2], strides[3]);
    }
}
