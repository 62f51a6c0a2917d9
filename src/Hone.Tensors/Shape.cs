namespace Hone.Tensors;

/// <summary>Sizes of a tensor's dimensions, outermost first (row-major). Rank 0 to 4; rank 0 is a scalar with one element.</summary>
public readonly struct Shape : IEquatable<Shape>
{
    private readonly int d0, d1, d2, d3;

    private Shape(int rank, int d0, int d1, int d2, int d3)
    {
        (Rank, this.d0, this.d1, this.d2, this.d3) = (rank, d0, d1, d2, d3);
        Count = checked(d0 * d1 * d2 * d3);
    }

    public Shape(int d0) : this(1, d0, 1, 1, 1) { }

    public Shape(int d0, int d1) : this(2, d0, d1, 1, 1) { }

    public Shape(int d0, int d1, int d2) : this(3, d0, d1, d2, 1) { }

    public Shape(int d0, int d1, int d2, int d3) : this(4, d0, d1, d2, d3) { }

    /// <summary>A single number.</summary>
    public static Shape Scalar { get; } = new(0, 1, 1, 1, 1);

    /// <summary>Number of dimensions.</summary>
    public int Rank { get; }

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>Size of the last dimension (1 for a scalar).</summary>
    public int Last => Rank == 0 ? 1 : this[Rank - 1];

    /// <summary>Product of all dimensions but the last.</summary>
    public int Rows => Last == 0 ? 0 : Count / Last;

    /// <summary>Size of dimension <paramref name="index"/>; negative counts from the end.</summary>
    public int this[int index] => (index < 0 ? index + Rank : index) switch
    {
        0 when Rank > 0 => d0,
        1 when Rank > 1 => d1,
        2 when Rank > 2 => d2,
        3 when Rank > 3 => d3,
        _ => throw new ArgumentOutOfRangeException(nameof(index), $"dimension {index} of a rank-{Rank} shape"),
    };

    /// <summary>The shape with the given sizes.</summary>
    public static Shape Of(ReadOnlySpan<int> sizes) => sizes.Length switch
    {
        0 => Scalar,
        1 => new(sizes[0]),
        2 => new(sizes[0], sizes[1]),
        3 => new(sizes[0], sizes[1], sizes[2]),
        4 => new(sizes[0], sizes[1], sizes[2], sizes[3]),
        _ => throw new ArgumentException($"rank {sizes.Length}: at most 4 dimensions are supported"),
    };

    public static implicit operator Shape(int d0) => new(d0);

    public static implicit operator Shape((int, int) s) => new(s.Item1, s.Item2);

    public static implicit operator Shape((int, int, int) s) => new(s.Item1, s.Item2, s.Item3);

    public static implicit operator Shape((int, int, int, int) s) => new(s.Item1, s.Item2, s.Item3, s.Item4);

    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    public bool Equals(Shape other) =>
        Rank == other.Rank && d0 == other.d0 && d1 == other.d1 && d2 == other.d2 && d3 == other.d3;

    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Rank, d0, d1, d2, d3);

    public override string ToString() => Rank switch
    {
        0 => "[]",
        1 => $"[{d0}]",
        2 => $"[{d0}, {d1}]",
        3 => $"[{d0}, {d1}, {d2}]",
        _ => $"[{d0}, {d1}, {d2}, {d3}]",
    };
}
