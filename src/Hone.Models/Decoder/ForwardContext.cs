using Hone.Models.Config;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Models.Decoder;

/// <summary>One forward pass, as the blocks see it.</summary>
public sealed class ForwardContext
{
    private readonly RopeTables tables;

    internal ForwardContext(TokenBatch batch, ForwardState state, RopeTables tables) => (Batch, State, this.tables) = (batch, state, tables);

    /// <summary>The model's settings.</summary>
    internal ModelConfig Config => tables.Config;

    public TokenBatch Batch { get; }

    public ForwardState State { get; }

    /// <summary>Rotates queries or keys by their positions.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, heads · D].</param>
    /// <param name="rope">Which rotation.</param>
    public Tensor Rotate(Tape tape, Tensor x, LayerRope rope) =>
        rope == LayerRope.None ? x : Rotate(tape, x, length => tables.For(rope, length), tables.DependOnLength(rope));

    /// <summary>Rotates one token's heads in place, where each sequence has one token.</summary>
    internal unsafe void RotateRow(WorkerPool workers, int row, float* x, int width, LayerRope rope)
    {
        if (rope != LayerRope.None) RopeOp.RotateInPlace(workers, tables.For(rope, Batch.LengthAfter(row)), Batch.Positions.AsSpan(row, 1), x, width);
    }

    /// <summary>Rotates by a table that may depend on a sequence's length.</summary>
    internal Tensor Rotate(Tape tape, Tensor x, Func<int, RopeTable> table, bool dependsOnLength)
    {
        Segments segments = Batch.Segments;
        if (!dependsOnLength || segments.Count == 1) return tape.Rope(x, table(segments.Count == 0 ? 0 : Batch.LengthAfter(0)), Batch.Positions);
        // Frequencies follow each sequence's own length, so that a sequence does not depend on its neighbours in the batch.
        Tensor[] parts = new Tensor[segments.Count];
        for (int s = 0; s < parts.Length; s++)
        {
            Tensor part = tape.Slice(x, 0, segments.Start(s), segments.Length(s));
            parts[s] = tape.Rope(part, table(Batch.LengthAfter(s)), Batch.Positions.AsSpan(segments.Start(s), segments.Length(s)));
        }
        return tape.Concat(0, parts);
    }
}

/// <summary>The rotary tables of a model, made when first needed. Thread-safe.</summary>
internal sealed class RopeTables(ModelConfig config)
{
    private readonly Dictionary<(LayerRope Rope, int Variant), RopeTable> tables = [];

    public ModelConfig Config => config;

    public bool DependOnLength(LayerRope rope) => Of(rope).Scaling is RopeScaling.Dynamic or RopeScaling.LongRope;

    public RopeTable For(LayerRope rope, int length)
    {
        int variant = Of(rope).Variant(length);
        lock (tables)
        {
            if (tables.TryGetValue((rope, variant), out RopeTable? table)) return table;
            // Dynamic scaling makes a table per length: only the last few are worth keeping.
            if (tables.Count > 64) tables.Clear();
            return tables[(rope, variant)] = Of(rope).Table(config.HeadSize, length);
        }
    }

    private RopeConfig Of(LayerRope rope) => (rope == LayerRope.Local ? config.LocalRope : config.Rope)!;
}
