using System.Numerics;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Rotary position embedding.</summary>
public static unsafe class RopeOp
{
    /// <summary>Rotates each pair (a, b) of every head by its angle: (a·cos - b·sin, b·cos + a·sin). arXiv:2104.09864, eq. 34.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[N, heads · D], D as in the table.</param>
    /// <param name="table">Angles.</param>
    /// <param name="positions">[N] position of each token; copied.</param>
    /// <returns>[N, heads · D].</returns>
    /// <exception cref="ArgumentException">Sizes do not fit.</exception>
    public static Tensor Rope(this Tape tape, Tensor x, RopeTable table, ReadOnlySpan<int> positions)
    {
        int rows = x.Shape.Rows, width = x.Shape.Last;
        if (width % table.HeadSize != 0 || positions.Length != rows)
            throw new ArgumentException($"rope: x {x.Shape}, head size {table.HeadSize}, {positions.Length} positions");
        Tensor y = tape.New(x.Shape, tape.Needs(x));
        fixed (int* at = positions) Rotate(tape, table, at, x.Pointer, y.Pointer, rows, width, 1f, false);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Table = table, Positions = tape.CopyIndices(positions) });
        return y;
    }

    /// <summary>Rotates rows of heads in place, without a tape: for caches.</summary>
    public static void RotateInPlace(WorkerPool workers, RopeTable table, ReadOnlySpan<int> positions, float* x, int width)
    {
        fixed (int* at = positions)
        {
            Job job = new(table, at, x, x, width, 1f, false);
            workers.For(positions.Length, RmsNormOp.RowGrain(width), ref job);
        }
    }

    private static void Rotate(Tape tape, RopeTable table, int* positions, float* x, float* y, int rows, int width, float direction, bool add)
    {
        Job job = new(table, positions, x, y, width, direction, add);
        tape.Workers.For(rows, RmsNormOp.RowGrain(width), ref job);
    }

    private readonly struct Job(RopeTable table, int* positions, float* x, float* y, int width, float direction, bool add) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            int size = table.HeadSize, rotated = table.RotatedDims, pairs = rotated / 2;
            for (int r = start; r < end; r++)
            {
                ReadOnlySpan<float> angles = table.At(positions[r]);
                fixed (float* cos = angles)
                    for (int offset = 0; offset < width; offset += size)
                    {
                        float* from = x + (long)r * width + offset, to = y + (long)r * width + offset;
                        if (table.Style == RopeStyle.HalfSplit) Halves(from, to, cos, pairs);
                        else Neighbours(from, to, cos, pairs);
                        for (int i = rotated; i < size; i++) to[i] = add ? to[i] + from[i] : from[i];
                    }
            }
        }

        private void Halves(float* from, float* to, float* cos, int pairs)
        {
            float* sin = cos + pairs;
            int i = 0;
            for (; i <= pairs - Vector<float>.Count; i += Vector<float>.Count)
            {
                Vector<float> c = Vector.Load(cos + i), s = Vector.Load(sin + i) * direction;
                Vector<float> a = Vector.Load(from + i), b = Vector.Load(from + pairs + i);
                Vector<float> first = a * c - b * s, second = b * c + a * s;
                if (add) (first, second) = (first + Vector.Load(to + i), second + Vector.Load(to + pairs + i));
                Vector.Store(first, to + i);
                Vector.Store(second, to + pairs + i);
            }
            for (; i < pairs; i++) Pair(from[i], from[pairs + i], cos[i], sin[i], ref to[i], ref to[pairs + i]);
        }

        private void Neighbours(float* from, float* to, float* cos, int pairs)
        {
            for (int i = 0; i < pairs; i++) Pair(from[2 * i], from[2 * i + 1], cos[i], cos[pairs + i], ref to[2 * i], ref to[2 * i + 1]);
        }

        private void Pair(float a, float b, float c, float s, ref float first, ref float second)
        {
            s *= direction;
            (float u, float v) = (a * c - b * s, b * c + a * s);
            (first, second) = add ? (first + u, second + v) : (u, v);
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required RopeTable Table { get; init; }

        public required int* Positions { get; init; }

        // The transpose of a rotation is the rotation by the negative angle.
        public override void Backward(Tape tape)
        {
            bool add = X.BeginGrad(out float* dx);
            fixed (float* dy = Output.Grad) Rotate(tape, Table, Positions, dy, dx, X.Shape.Rows, X.Shape.Last, -1f, add);
        }
    }
}
