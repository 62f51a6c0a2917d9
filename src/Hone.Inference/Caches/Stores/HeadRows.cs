using Hone.Tensors;

namespace Hone.Inference.Caches;

/// <summary>Rows of numbers that grow at the end, in memory outside the garbage-collected heap.</summary>
internal sealed unsafe class HeadRows(int size) : IDisposable
{
    // An eighth more than needed: a cache that grows token by token copies each row eight times at most on average, and holds
    // little that it does not use.
    private const int LeastRows = 16;

    private Tensor? data;

    /// <summary>Rows in use.</summary>
    public int Count { get; private set; }

    public int Size => size;

    public long AllocatedBytes => (long)(data?.Count ?? 0) * sizeof(float);

    /// <summary>Start of the rows.</summary>
    public float* Pointer => data is null ? null : data.Pointer;

    public ReadOnlySpan<float> Span => Rows(0, Count);

    public Span<float> Rows(int first, int count) => data is null ? [] : data.Data.Slice(first * size, count * size);

    public void Add(ReadOnlySpan<float> row)
    {
        if (data is null || (Count + 1) * size > data.Count) Resize(Math.Max(LeastRows, Count + 1 + Count / 8));
        row.CopyTo(Rows(Count++, 1));
    }

    /// <summary>Keeps some rows, ascending, and lets go of the memory of the others.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        if (data is null) return;
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] != i) Rows(rows[i], 1).CopyTo(Rows(i, 1));
        Count = rows.Length;
        Resize(Count + LeastRows);
    }

    /// <summary>Drops the first rows; the memory of many is let go of.</summary>
    public void DropFirst(int count)
    {
        if (count == 0) return;
        Rows(count, Count - count).CopyTo(Rows(0, Count - count));
        Count -= count;
        if (count > Count + LeastRows) Resize(Count + LeastRows);
    }

    /// <summary>Drops the last rows.</summary>
    public void DropLast(int count) => Count -= count;

    public HeadRows Fork()
    {
        HeadRows fork = new(size);
        if (Count == 0) return fork;
        fork.Resize(Count + LeastRows);
        Span.CopyTo(fork.data!.Data);
        fork.Count = Count;
        return fork;
    }

    /// <summary>Lets go of the memory; later use starts from nothing.</summary>
    public void Dispose() => (data, Count) = (null, 0);

    private void Resize(int rows)
    {
        Tensor larger = Tensor.Create(rows * size);
        if (Count > 0) Span.CopyTo(larger.Data);
        data = larger;
    }
}
