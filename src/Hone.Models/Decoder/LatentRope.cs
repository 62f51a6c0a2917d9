using Hone.Models.Config;
using Hone.Tensors.Ops;

namespace Hone.Models.Decoder;

/// <summary>
/// Rotation of the elite chunks of a layer: every head has its own frequencies, so all heads together count as one wide head whose
/// pairs lie beside each other. Thread-safe.
/// </summary>
internal sealed class LatentRope(ModelConfig config, int layer)
{
    private readonly Dictionary<(bool Queries, int Variant), RopeTable> tables = [];
    private readonly Lock gate = new();

    /// <summary>The layer it belongs to.</summary>
    public int Layer => layer;

    /// <summary>Whether frequencies change with the length of the input.</summary>
    public bool DependsOnLength => config.Rope!.Scaling is RopeScaling.Dynamic or RopeScaling.LongRope;

    /// <summary>[N, H · 2r].</summary>
    public RopeTable Queries(int length) => For(true, length);

    /// <summary>[N, K · 2r].</summary>
    public RopeTable Keys(int length) => For(false, length);

    private RopeTable For(bool queries, int length)
    {
        (bool, int) key = (queries, config.RopeVariant(length));
        lock (gate)
        {
            if (tables.TryGetValue(key, out RopeTable? table)) return table;
            if (tables.Count > 64) tables.Clear(); // dynamic scaling makes a table per length
            return tables[key] = Make(queries ? config.GroupSize : 1, length);
        }
    }

    private RopeTable Make(int copies, int length)
    {
        RopeTable full = config.Rope!.Table(config.HeadSize, length);
        double[] frequencies = [.. config.Latent!.Elite[layer].SelectMany(head => Enumerable.Repeat(head, copies)).SelectMany(head => head)
            .Select(chunk => full.InverseFrequencies[chunk])];
        return new RopeTable(2 * frequencies.Length, frequencies, full.AttentionFactor, RopeStyle.Interleaved);
    }
}
