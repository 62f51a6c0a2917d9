namespace Hone.Inference.Caches.Streaming;

public sealed partial class StreamingStore
{
    /// <summary>Writes what the layer has seen, so that <see cref="Load"/> goes on as if it had not been interrupted. Spans are in the store's own file.</summary>
    internal void Save(StreamWriting to)
    {
        to.Int(seen);
        to.Int(localStart);
        to.Int(localKeys[0].Count);
        foreach (HeadRows rows in localKeys.Concat(localValues)) to.Floats(rows.Span);
        sinks.Save(to);
        band.Save(to);
        memory.Save(to);
    }

    /// <summary>Drops what a store of an earlier process holds that never was saved.</summary>
    internal void Empty() => memory.Empty();

    /// <summary>Brings an empty layer to what was saved.</summary>
    /// <exception cref="HoneException">What was saved is damaged or of another model or other settings.</exception>
    internal void Load(StreamReading from)
    {
        (seen, localStart) = (from.Int(), from.Int());
        float[] row = new float[size];
        int local = from.CountOf(2 * kvHeads * size * sizeof(float));
        foreach (HeadRows rows in localKeys.Concat(localValues))
            for (int i = 0; i < local; i++)
            {
                from.Floats(row);
                rows.Add(row);
            }
        sinks.Load(from);
        band.Load(from);
        memory.Load(from);
        int left = memory.Count == 0 ? settings.Sinks : memory[memory.Count - 1].End;
        if (settings.Spans != SpanKind.None && localStart != left || sinks.Count != Math.Min(seen, settings.Sinks) || local != Math.Max(0, seen - localStart))
            throw from.Damaged($"layer {Layer.Index} has {seen} tokens, a window from {localStart} on and spans up to {left}");
    }
}
