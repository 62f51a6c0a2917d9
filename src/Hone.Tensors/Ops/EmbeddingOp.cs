using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Looking up rows: token embeddings and gathering of tokens.</summary>
public static unsafe class EmbeddingOp
{
    /// <summary>y[t] = table[ids[t]] · scale.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="table">[V, C].</param>
    /// <param name="ids">[N]; copied.</param>
    /// <param name="scale">Factor on every number (Gemma multiplies by sqrt(C)).</param>
    /// <param name="paddingId">Looked up like any other, but its row takes no gradient; -1 for none.</param>
    /// <returns>[N, C].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the table.</exception>
    public static Tensor Embedding(this Tape tape, Tensor table, ReadOnlySpan<int> ids, float scale = 1f, int paddingId = -1)
    {
        if (table.Shape.Rank != 2) throw new ArgumentException($"embedding: table {table.Shape}");
        Indices.Check(ids, table.Shape[0], "embedding");
        int width = table.Shape[1];
        Tensor y = tape.New((ids.Length, width), tape.Needs(table));
        fixed (int* source = ids)
        {
            GatherJob job = new(table.Pointer, source, y.Pointer, width, scale);
            tape.Workers.For(ids.Length, Math.Max(1, Unary.Grain / Math.Max(1, width)), ref job);
        }
        if (y.RequiresGrad)
            tape.Record(new Node { Output = y, Table = table, Ids = tape.CopyIndices(ids), Scale = scale, PaddingId = paddingId });
        return y;
    }

    /// <summary>The given rows of x, in the given order; a row may be taken several times.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, C] (leading dimensions are flattened).</param>
    /// <param name="rowIndices">[M]; copied.</param>
    /// <returns>[M, C].</returns>
    /// <exception cref="ArgumentOutOfRangeException">An index is outside x.</exception>
    public static Tensor Rows(this Tape tape, Tensor x, ReadOnlySpan<int> rowIndices) =>
        tape.Embedding(x.Shape.Rank == 2 ? x : tape.View(x, (x.Shape.Rows, x.Shape.Last)), rowIndices);

    private readonly struct GatherJob(float* table, int* ids, float* y, int width, float scale) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int t = start; t < end; t++)
            {
                ReadOnlySpan<float> row = new(table + (long)ids[t] * width, width);
                Span<float> target = new(y + (long)t * width, width);
                if (scale == 1f) row.CopyTo(target);
                else TensorPrimitives.Multiply(row, scale, target);
            }
        }
    }

    // Split by columns, so that a row that occurs several times is added up by one thread in the order of the tokens.
    private readonly struct ScatterJob(float* table, int* ids, int count, float* dy, int width, float scale, int paddingId) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int t = 0; t < count; t++)
            {
                if (ids[t] == paddingId) continue;
                Span<float> row = new(table + (long)ids[t] * width + start, end - start);
                TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(dy + (long)t * width + start, end - start), scale, row, row);
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor Table { get; init; }

        public required int* Ids { get; init; }

        public required float Scale { get; init; }

        public required int PaddingId { get; init; }

        public override void Backward(Tape tape)
        {
            int width = Table.Shape[1];
            float* target = Table.BeginScatterGrad();
            fixed (float* dy = Output.Grad)
            {
                ScatterJob job = new(target, Ids, Output.Shape[0], dy, width, Scale, PaddingId);
                tape.Workers.For(width, 16, ref job);
            }
        }
    }
}
