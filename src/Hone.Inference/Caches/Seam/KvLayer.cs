using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Inference.Caches;

/// <summary>One layer of a model, as policies and stores see it: sizes, scale, rotation. Read only, shared by all sequences.</summary>
public sealed class KvLayer
{
    private readonly RopeTable? rope;
    private readonly LanguageModel? model;

    /// <param name="model">The model.</param>
    /// <param name="index">0 to number of layers - 1.</param>
    /// <param name="workers">Threads for the work of policies.</param>
    public KvLayer(LanguageModel model, int index, WorkerPool workers)
    {
        ModelConfig config = model.Config;
        (this.model, Index, Layers, Workers, Attention, HeadSize) = (model, index, config.Layers, workers, config.Attention(index), config.HeadSize);
        LayerRope kind = config.LayerConfigs[index].Rope;
        RopeConfig? settings = kind == LayerRope.None ? null : kind == LayerRope.Local ? config.LocalRope : config.Rope;
        rope = settings?.Table(config.HeadSize, config.MaxPositions);
    }

    /// <summary>A layer without a model around it, for what needs only keys and queries.</summary>
    internal KvLayer(AttentionOptions attention, int headSize, int index = 0, int layers = 1) =>
        (Attention, HeadSize, Index, Layers, Workers) = (attention, headSize, index, layers, WorkerPool.Shared);

    /// <summary>The model around it.</summary>
    public LanguageModel Model => model ?? throw new InvalidOperationException("a layer without a model");

    /// <summary>Number of this layer, from 0.</summary>
    public int Index { get; }

    /// <summary>L.</summary>
    public int Layers { get; }

    /// <summary>Heads, scale, window, cap.</summary>
    public AttentionOptions Attention { get; }

    public WorkerPool Workers { get; }

    /// <summary>K.</summary>
    public int KvHeads => Attention.KvHeads;

    /// <summary>Query heads for each key head, H / K.</summary>
    public int Group => Attention.Heads / Attention.KvHeads;

    /// <summary>D.</summary>
    public int HeadSize { get; }

    /// <summary>Whether positions are rotations; without, keys do not depend on their place.</summary>
    public bool HasRotation => rope is not null;

    /// <summary>Rotates rows of one or more heads in place.</summary>
    /// <param name="rows">[n, width], width a multiple of D.</param>
    /// <param name="angles">[n] positions; negative ones rotate back.</param>
    public void Rotate(Span<float> rows, ReadOnlySpan<int> angles)
    {
        if (rope is null || angles.Length == 0) return;
        int width = rows.Length / angles.Length, pairs = rope.RotatedDims / 2;
        double factor = rope.AttentionFactor;
        for (int r = 0; r < angles.Length; r++)
        {
            ReadOnlySpan<float> at = rope.At(Math.Abs(angles[r]));
            for (int offset = r * width; offset < (r + 1) * width; offset += HeadSize)
                for (int i = 0; i < pairs; i++)
                {
                    // The table's attention factor belongs to the model's own rotation, not to a change of it.
                    float cos = (float)(at[i] / factor), sin = (float)(at[pairs + i] / factor) * Math.Sign(angles[r]);
                    float a = rows[offset + i], b = rows[offset + pairs + i];
                    (rows[offset + i], rows[offset + pairs + i]) = (a * cos - b * sin, b * cos + a * sin);
                }
        }
    }

    /// <summary>Cosines, then sines, averaged over positions [first, first + count), attention factor included: [2 · pairs].</summary>
    public double[] MeanRotation(int first, int count)
    {
        double[] mean = new double[rope?.RotatedDims ?? 0];
        for (int p = first; p < first + count; p++)
        {
            ReadOnlySpan<float> at = rope is null ? [] : rope.At(p);
            for (int i = 0; i < mean.Length; i++) mean[i] += at[i] / (double)count;
        }
        return mean;
    }

    /// <summary>Factor that the model's rotation puts on queries and keys besides turning them.</summary>
    public double RotationFactor => rope?.AttentionFactor ?? 1;
}
