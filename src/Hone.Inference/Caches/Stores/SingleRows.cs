using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>fp32 rows.</summary>
internal sealed unsafe class SingleRows : KvRows
{
    private readonly HeadRows rows;

    public SingleRows(int size) : this(new HeadRows(size)) { }

    private SingleRows(HeadRows rows) : base(rows.Size) => this.rows = rows;

    public override int Count => rows.Count;

    public override long Bytes => (long)rows.Count * Size * sizeof(float);

    public override long AllocatedBytes => rows.AllocatedBytes;

    /// <summary>Start of the rows.</summary>
    public float* Pointer => rows.Pointer;

    public ReadOnlySpan<float> Rows(int first, int count) => rows.Rows(first, count);

    public override void Add(ReadOnlySpan<float> row) => rows.Add(row);

    public override void Read(int first, Span<float> target) => rows.Rows(first, target.Length / Size).CopyTo(target);

    public override void Write(ReadOnlySpan<float> all) => all.CopyTo(rows.Rows(0, rows.Count));

    public override void Keep(ReadOnlySpan<int> kept) => rows.Keep(kept);

    /// <summary>Drops the first rows.</summary>
    public void DropFirst(int count) => rows.DropFirst(count);

    public override void Dot(float* queries, int heads, int first, int count, float* scores, nint stride)
    {
        if (count > 0) RowKernels.Dot(Pointer + first * Size, count, Size, queries, heads, scores, stride);
    }

    public override void Mix(float* weights, nint stride, int heads, int first, int count, float* output)
    {
        if (count > 0) RowKernels.Mix(Pointer + first * Size, count, Size, weights, stride, heads, output);
    }

    public override SingleRows Fork() => new(rows.Fork());

    public override void Dispose() => rows.Dispose();
}
