using Hone.Inference.Caches;
using Hone.Tensors.Ops;

namespace Hone.Tests.Inference.Caches;

/// <summary>A layer of given keys and values without a model: all heads hold the same positions.</summary>
internal sealed class FakeView : IKvView
{
    private readonly List<float[]>[] keys, values;
    private readonly List<int> positions = [];

    /// <param name="heads">H.</param>
    /// <param name="kvHeads">K.</param>
    /// <param name="size">D.</param>
    /// <param name="scale">Factor on scores; null takes 1/sqrt(D).</param>
    public FakeView(int heads, int kvHeads, int size, float? scale = null)
    {
        Layer = new KvLayer(new AttentionOptions { Heads = heads, KvHeads = kvHeads, Scale = scale ?? 1 / MathF.Sqrt(size) }, size);
        keys = [.. Enumerable.Range(0, kvHeads).Select(_ => new List<float[]>())];
        values = [.. Enumerable.Range(0, kvHeads).Select(_ => new List<float[]>())];
    }

    public KvLayer Layer { get; }

    public int Seen { get; private set; }

    public int NextPosition => Seen;

    public int Count(int kvHead) => keys[kvHead].Count;

    public ReadOnlySpan<int> Positions(int kvHead) => positions.ToArray();

    public void ReadKeys(int kvHead, int first, Span<float> target) => Read(keys[kvHead], first, target);

    public void ReadValues(int kvHead, int first, Span<float> target) => Read(values[kvHead], first, target);

    /// <summary>Adds a token.</summary>
    /// <param name="headKeys">[K][D]; values are the same.</param>
    public void Add(params float[][] headKeys)
    {
        for (int head = 0; head < keys.Length; head++)
        {
            keys[head].Add(headKeys[head]);
            values[head].Add(headKeys[head]);
        }
        positions.Add(Seen++);
    }

    public void Keep(int[] slots)
    {
        for (int head = 0; head < keys.Length; head++)
        {
            keys[head].Keep(slots);
            values[head].Keep(slots);
        }
        positions.Keep(slots);
    }

    private static void Read(List<float[]> rows, int first, Span<float> target)
    {
        for (int i = 0, at = 0; at < target.Length; at += rows[first + i++].Length) rows[first + i].CopyTo(target[at..]);
    }
}

internal static class ListKeeping
{
    public static void Keep<T>(this List<T> list, int[] slots)
    {
        List<T> kept = [.. slots.Select(slot => list[slot])];
        list.Clear();
        list.AddRange(kept);
    }
}
