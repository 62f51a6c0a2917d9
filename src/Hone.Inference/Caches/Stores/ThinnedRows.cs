namespace Hone.Inference.Caches;

/// <summary>Rows of which the first ones lost some channels, which read as 0; later ones are whole.</summary>
/// <param name="size">Channels of a whole row.</param>
/// <param name="inner">Makes rows of so many channels at some precision.</param>
internal sealed unsafe class ThinnedRows(int size, Func<int, KvRows> inner) : KvRows(size)
{
    private KvRows whole = inner(size);
    private KvRows? thin;
    private int[] channels = [];

    /// <summary>Rows without all channels.</summary>
    private int Thinned => thin?.Count ?? 0;

    public override int Count => Thinned + whole.Count;

    public override long Bytes => (thin?.Bytes ?? 0) + whole.Bytes + (long)channels.Length * sizeof(int);

    public override long AllocatedBytes => (thin?.AllocatedBytes ?? 0) + whole.AllocatedBytes + (long)channels.Length * sizeof(int);

    /// <summary>Whether the first rows hold a channel.</summary>
    public bool Has(int channel) => thin is null || Array.BinarySearch(channels, channel) >= 0;

    /// <summary>Drops channels of all rows so far.</summary>
    /// <param name="kept">Channels that stay, ascending.</param>
    public void Thin(int[] kept)
    {
        if (thin is not null) throw new InvalidOperationException("rows are thinned out once");
        if (kept.Length == Size) return;
        float[] row = new float[Size], part = new float[kept.Length];
        KvRows rows = inner(kept.Length);
        for (int t = 0; t < whole.Count; t++)
        {
            whole.Read(t, row);
            for (int c = 0; c < kept.Length; c++) part[c] = row[kept[c]];
            rows.Add(part);
        }
        whole.Dispose();
        (channels, thin, whole) = (kept, rows, inner(Size));
    }

    public override void Add(ReadOnlySpan<float> row) => whole.Add(row);

    public override void Seal()
    {
        thin?.Seal();
        whole.Seal();
    }

    public override void Read(int first, Span<float> target)
    {
        int thinned = Math.Clamp(Thinned - first, 0, target.Length / Size);
        if (thinned > 0)
        {
            float[] parts = new float[thinned * channels.Length];
            thin!.Read(first, parts);
            target[..(thinned * Size)].Clear();
            for (int t = 0; t < thinned; t++)
                for (int c = 0; c < channels.Length; c++) target[t * Size + channels[c]] = parts[t * channels.Length + c];
        }
        if (target.Length > thinned * Size) whole.Read(Math.Max(0, first - Thinned), target[(thinned * Size)..]);
    }

    public override void Write(ReadOnlySpan<float> rows)
    {
        if (thin is not null) throw new InvalidOperationException("rows without all channels cannot be written");
        whole.Write(rows);
    }

    public override void Keep(ReadOnlySpan<int> rows)
    {
        int before = Thinned, thinned = rows.BinarySearch(before) is var found && found < 0 ? ~found : found;
        int[] rest = new int[rows.Length - thinned];
        for (int i = 0; i < rest.Length; i++) rest[i] = rows[thinned + i] - before;
        thin?.Keep(rows[..thinned]);
        whole.Keep(rest);
    }

    public override void Dot(float* queries, int heads, int first, int count, float* scores, nint stride)
    {
        int thinned = Math.Clamp(Thinned - first, 0, count), width = channels.Length;
        if (thinned > 0)
        {
            float[] gathered = new float[heads * width];
            for (int i = 0; i < gathered.Length; i++) gathered[i] = queries[i / width * Size + channels[i % width]];
            fixed (float* q = gathered) thin!.Dot(q, heads, first, thinned, scores, stride);
        }
        whole.Dot(queries, heads, Math.Max(0, first - Thinned), count - thinned, scores + thinned, stride);
    }

    public override void Mix(float* weights, nint stride, int heads, int first, int count, float* output)
    {
        int thinned = Math.Clamp(Thinned - first, 0, count), width = channels.Length;
        if (thinned > 0)
        {
            float[] parts = new float[heads * width];
            fixed (float* p = parts) thin!.Mix(weights, stride, heads, first, thinned, p);
            for (int i = 0; i < parts.Length; i++) output[i / width * Size + channels[i % width]] += parts[i];
        }
        whole.Mix(weights + thinned, stride, heads, Math.Max(0, first - Thinned), count - thinned, output);
    }

    public override KvRows Fork() => new ThinnedRows(Size, inner) { whole = whole.Fork(), thin = thin?.Fork(), channels = channels };

    public override void Dispose()
    {
        whole.Dispose();
        thin?.Dispose();
        (thin, channels) = (null, []);
    }
}
