namespace Hone.Inference.Caches;

/// <summary>
/// Keys or values of one head: rows of numbers that grow at the end, at some precision. Rows that are rounded only after
/// <see cref="Seal"/> are exact until then.
/// </summary>
internal abstract unsafe class KvRows(int size) : IDisposable
{
    /// <summary>Numbers in a row.</summary>
    public int Size => size;

    public abstract int Count { get; }

    public abstract long Bytes { get; }

    public abstract long AllocatedBytes { get; }

    public abstract void Add(ReadOnlySpan<float> row);

    /// <summary>[n, Size] rows as they are seen from outside.</summary>
    public abstract void Read(int first, Span<float> target);

    /// <summary>Replaces all rows; only before <see cref="Seal"/>, or where rows are exact.</summary>
    public abstract void Write(ReadOnlySpan<float> rows);

    /// <summary>Keeps some rows, ascending.</summary>
    public abstract void Keep(ReadOnlySpan<int> rows);

    /// <summary>From now on rows may be rounded.</summary>
    public virtual void Seal() { }

    /// <summary>scores[h · stride + t - first] = queries[h] · row t.</summary>
    /// <param name="queries">[heads, Size].</param>
    /// <param name="heads">Heads.</param>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="scores">[heads, stride].</param>
    /// <param name="stride">Distance between heads.</param>
    public abstract void Dot(float* queries, int heads, int first, int count, float* scores, nint stride);

    /// <summary>output[h] += Σ_t weights[h · stride + t - first] · row t.</summary>
    public abstract void Mix(float* weights, nint stride, int heads, int first, int count, float* output);

    public abstract KvRows Fork();

    public abstract void Dispose();
}
