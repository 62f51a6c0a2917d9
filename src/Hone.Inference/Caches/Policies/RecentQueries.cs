namespace Hone.Inference.Caches;

/// <summary>The last few queries of a sequence and layer, with their positions.</summary>
internal sealed class RecentQueries
{
    private readonly int most;
    private readonly List<int> positions = [];
    private float[] queries = [];

    /// <param name="most">How many are kept.</param>
    public RecentQueries(int most) => this.most = most;

    private RecentQueries(RecentQueries origin)
    {
        (most, queries) = (origin.most, [.. origin.queries]);
        positions.AddRange(origin.positions);
    }

    /// <summary>[n] ascending.</summary>
    public ReadOnlySpan<int> Positions => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(positions);

    /// <summary>[n, H · D].</summary>
    public ReadOnlySpan<float> Queries => queries;

    /// <summary>Adds the queries of the tokens that a view saw last.</summary>
    public void Add(IKvView view, ReadOnlySpan<float> added)
    {
        int width = view.Layer.Attention.Heads * view.Layer.HeadSize, count = added.Length / width, next = view.NextPosition;
        if (count > most) added = added[((count - most) * width)..];
        count = Math.Min(count, most);
        int drop = Math.Max(0, positions.Count + count - most);
        queries = [.. queries.AsSpan(drop * width), .. added];
        positions.RemoveRange(0, drop);
        for (int i = 0; i < count; i++) positions.Add(next - count + i);
    }

    /// <summary>Forgets all, when positions were numbered anew.</summary>
    public void Clear()
    {
        queries = [];
        positions.Clear();
    }

    public RecentQueries Fork() => new(this);
}
