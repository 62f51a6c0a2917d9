using Hone.Tensors.Kernels;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>
/// What is added to a weight matrix while it is in use. The same row always gets the same numbers, so nothing has to be kept between the
/// way forward and the way back. Rows are asked for on several threads at once.
/// </summary>
public interface IWeightNoise
{
    /// <summary>Adds the noise of one row.</summary>
    /// <param name="row">Output of the layer.</param>
    /// <param name="weights">[in] the row's weights, changed in place.</param>
    void AddTo(int row, Span<float> weights);
}

/// <summary>The linear layer at a point beside its weights. The weights themselves are never touched: they are the same bits afterwards.</summary>
public static unsafe class NoisyLinearOp
{
    /// <summary>y = x · (W + ε)ᵀ + b, with the gradients of that product at W + ε; ε is a constant.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[rows, in] (leading dimensions are flattened).</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="noise">ε, asked for again on the way back.</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[rows, out].</returns>
    public static Tensor NoisyLinear(this Tape tape, Tensor x, Tensor weight, IWeightNoise noise, Tensor? bias = null)
    {
        if (weight.Shape.Rank != 2 || weight.Shape[1] != x.Shape.Last) throw new ArgumentException($"linear: x {x.Shape}, weight {weight.Shape}");
        return Run(tape, x, new Matrix(weight, null), noise, bias);
    }

    /// <summary>The same for a quantised weight, which does not learn.</summary>
    /// <param name="tape">Tape.</param>
    /// <param name="x">[rows, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="noise">ε.</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[rows, out].</returns>
    public static Tensor NoisyLinear(this Tape tape, Tensor x, QuantizedMatrix weight, IWeightNoise noise, Tensor? bias = null)
    {
        if (weight.Width != x.Shape.Last) throw new ArgumentException($"linear: x {x.Shape}, weight [{weight.Outputs}, {weight.Width}]");
        return Run(tape, x, new Matrix(null, weight), noise, bias);
    }

    private static Tensor Run(Tape tape, Tensor x, Matrix matrix, IWeightNoise noise, Tensor? bias)
    {
        int rows = x.Shape.Rows;
        Tensor y = tape.New((rows, matrix.Outputs), tape.Needs(x, matrix.Weight, bias));
        using (PooledFloats moved = matrix.Moved(tape, noise))
            Gemm.Run(tape.Workers, false, true, rows, matrix.Outputs, matrix.Width, x.Pointer, matrix.Width, moved.Pointer, matrix.Width, y.Pointer, matrix.Outputs, false,
                bias is null ? null : bias.Pointer, null, 0);
        if (y.RequiresGrad) tape.Record(new Node { Output = y, X = x, Matrix = matrix, Noise = noise, Bias = bias });
        return y;
    }

    /// <summary>A weight in either form.</summary>
    private sealed record Matrix(Tensor? Weight, QuantizedMatrix? Quantized)
    {
        public int Outputs => Quantized?.Outputs ?? Weight!.Shape[0];

        public int Width => Quantized?.Width ?? Weight!.Shape[1];

        /// <summary>W + ε in borrowed memory.</summary>
        public PooledFloats Moved(Tape tape, IWeightNoise noise)
        {
            PooledFloats memory = new(tape, Outputs * Width);
            FillJob job = new(this, noise, memory.Pointer);
            tape.Workers.For(Outputs, 8, ref job);
            return memory;
        }

        public void CopyRow(int row, float* target)
        {
            if (Quantized is not null) Quantized.DequantizeRow(row, target);
            else Weight!.Data.Slice(row * Width, Width).CopyTo(new Span<float>(target, Width));
        }
    }

    private readonly struct FillJob(Matrix matrix, IWeightNoise noise, float* target) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            for (int row = start; row < end; row++)
            {
                float* place = target + (long)row * matrix.Width;
                matrix.CopyRow(row, place);
                noise.AddTo(row, new Span<float>(place, matrix.Width));
            }
        }
    }

    private sealed class Node : BackwardNode
    {
        public required Tensor X { get; init; }

        public required Matrix Matrix { get; init; }

        public required IWeightNoise Noise { get; init; }

        public required Tensor? Bias { get; init; }

        public override void Backward(Tape tape)
        {
            int rows = X.Shape.Rows, width = Matrix.Width, outputs = Matrix.Outputs;
            fixed (float* dy = Output.Grad)
            {
                if (X.RequiresGrad)
                {
                    using PooledFloats moved = Matrix.Moved(tape, Noise);
                    bool add = X.BeginGrad(out float* dx);
                    Gemm.Run(tape.Workers, false, false, rows, width, outputs, dy, outputs, moved.Pointer, width, dx, width, add);
                }
                if (Matrix.Weight is { RequiresGrad: true } weight)
                {
                    bool add = weight.BeginGrad(out float* dw);
                    Gemm.Run(tape.Workers, true, false, outputs, width, rows, dy, outputs, X.Pointer, width, dw, width, add);
                }
                if (Bias is { RequiresGrad: true })
                    ColumnSums.AddTo(tape.Workers, dy, rows, outputs, Bias.BeginScatterGrad());
            }
        }
    }
}
