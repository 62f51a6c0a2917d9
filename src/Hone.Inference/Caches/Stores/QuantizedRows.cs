using Hone.Tensors.Kernels.Cache;

namespace Hone.Inference.Caches;

/// <summary>How rows are rounded.</summary>
/// <param name="Bits">2, 3, 4 or 8.</param>
/// <param name="Group">Numbers that share a scale.</param>
/// <param name="Residual">Newest rows that stay exact, R.</param>
/// <param name="Scales">How scales are held.</param>
/// <param name="KeepGenerated">Rows that come after the prompt stay exact for good.</param>
internal readonly record struct Rounding(int Bits, int Group, int Residual, ScalePrecision Scales, bool KeepGenerated);

/// <summary>Rounded rows followed by exact ones.</summary>
internal abstract unsafe class QuantizedRows(int size, Rounding rounding, int scaleLists = 1) : KvRows(size)
{
    private byte[] codes = [];
    private bool isSealed;

    protected Rounding Rounding => rounding;

    /// <summary>Rows that are rounded.</summary>
    public int Rounded { get; private set; }

    /// <summary>Rows that are exact.</summary>
    public SingleRows Exact { get; private set; } = new(size);

    /// <summary>Scales of groups, in one list or in one for each group of a row.</summary>
    protected ScaleList[] Scales { get; private set; } = [.. Enumerable.Range(0, scaleLists).Select(_ => new ScaleList(rounding.Scales))];

    public int RowBytes => CodePacking.Bytes(Size, rounding.Bits);

    public override int Count => Rounded + Exact.Count;

    public override long Bytes => (long)Rounded * RowBytes + Scales.Sum(list => list.Bytes) + Exact.Bytes;

    public override long AllocatedBytes => codes.Length + Scales.Sum(list => list.AllocatedBytes) + Exact.AllocatedBytes;

    public override void Add(ReadOnlySpan<float> row)
    {
        Exact.Add(row);
        if (isSealed && !rounding.KeepGenerated) Round(DueWhileDecoding());
    }

    public override void Seal()
    {
        isSealed = true;
        Round(DueAfterPrompt());
    }

    public override void Read(int first, Span<float> target)
    {
        int rounded = Math.Clamp(Rounded - first, 0, target.Length / Size);
        for (int t = 0; t < rounded; t++) ReadRounded(first + t, target.Slice(t * Size, Size));
        if (target.Length > rounded * Size) Exact.Read(Math.Max(0, first - Rounded), target[(rounded * Size)..]);
    }

    public override void Write(ReadOnlySpan<float> rows)
    {
        if (Rounded > 0) throw new InvalidOperationException("rounded rows cannot be written");
        Exact.Write(rows);
    }

    public override void Keep(ReadOnlySpan<int> rows)
    {
        int rounded = rows.BinarySearch(Rounded) is var found && found < 0 ? ~found : found;
        if (Rounded > 0) KeepRounded(rows[..rounded]);
        int[] exact = new int[rows.Length - rounded];
        for (int i = 0; i < exact.Length; i++) exact[i] = rows[rounded + i] - Rounded;
        if (Rounded > 0)
        {
            for (int i = 0; i < rounded; i++) RowCodes(rows[i]).CopyTo(RowCodes(i));
            Array.Resize(ref codes, rounded * RowBytes);
            Rounded = rounded;
        }
        Exact.Keep(exact);
    }

    public override void Dot(float* queries, int heads, int first, int count, float* scores, nint stride)
    {
        int rounded = Math.Clamp(Rounded - first, 0, count);
        fixed (byte* start = codes)
            if (rounded > 0) DotRounded(start, queries, heads, first, rounded, scores, stride);
        Exact.Dot(queries, heads, Math.Max(0, first - Rounded), count - rounded, scores + rounded, stride);
    }

    public override void Mix(float* weights, nint stride, int heads, int first, int count, float* output)
    {
        int rounded = Math.Clamp(Rounded - first, 0, count);
        fixed (byte* start = codes)
            if (rounded > 0) MixRounded(start, weights, stride, heads, first, rounded, output);
        Exact.Mix(weights + rounded, stride, heads, Math.Max(0, first - Rounded), count - rounded, output);
    }

    public override KvRows Fork()
    {
        QuantizedRows fork = Empty();
        (fork.codes, fork.isSealed, fork.Rounded, fork.Exact, fork.Scales) = ([.. codes], isSealed, Rounded, Exact.Fork(), [.. Scales.Select(list => list.Fork())]);
        return fork;
    }

    public override void Dispose()
    {
        (codes, Rounded, isSealed, Scales) = ([], 0, false, [.. Scales.Select(_ => new ScaleList(rounding.Scales))]);
        Exact.Dispose();
    }

    /// <summary>Exact rows that are to be rounded when the prompt is complete.</summary>
    protected abstract int DueAfterPrompt();

    /// <summary>Exact rows that are to be rounded now that one more came.</summary>
    protected abstract int DueWhileDecoding();

    /// <summary>Codes of exact rows [count, Size], in the same order; scales are added.</summary>
    protected abstract void Encode(ReadOnlySpan<float> rows, int count, Span<byte> codes);

    protected abstract void Decode(int row, ReadOnlySpan<byte> codes, Span<float> target);

    /// <summary>Scales of some rounded rows follow, before their codes do.</summary>
    protected abstract void KeepRounded(ReadOnlySpan<int> rows);

    protected abstract void DotRounded(byte* codes, float* queries, int heads, int first, int count, float* scores, nint stride);

    protected abstract void MixRounded(byte* codes, float* weights, nint stride, int heads, int first, int count, float* output);

    protected abstract QuantizedRows Empty();

    private Span<byte> RowCodes(int row) => codes.AsSpan(row * RowBytes, RowBytes);

    private void Round(int rows)
    {
        if (rows <= 0) return;
        byte[] fresh = new byte[rows * Size];
        Encode(Exact.Rows(0, rows), rows, fresh);
        int needed = (Rounded + rows) * RowBytes;
        // Room for an eighth more while decoding, none after a prompt.
        if (codes.Length < needed) Array.Resize(ref codes, Rounded == 0 ? needed : needed + needed / 8);
        for (int i = 0; i < rows; i++) CodePacking.Pack(fresh.AsSpan(i * Size, Size), rounding.Bits, RowCodes(Rounded + i));
        Rounded += rows;
        Exact.DropFirst(rows);
    }

    private void ReadRounded(int row, Span<float> target)
    {
        Span<byte> unpacked = Size <= 1024 ? stackalloc byte[Size] : new byte[Size];
        CodePacking.Unpack(RowCodes(row), rounding.Bits, unpacked);
        Decode(row, unpacked, target);
    }
}
