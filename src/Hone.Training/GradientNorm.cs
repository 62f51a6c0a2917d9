using System.Numerics.Tensors;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Optimizers;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Training;

/// <summary>The Euclidean norm of all gradients together, and the factor that clips it.</summary>
public sealed class GradientNorm
{
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly WorkerPool workers;
    private readonly ParameterChunks chunks;
    private readonly double[] partial;

    public GradientNorm(IReadOnlyList<Parameter> parameters, WorkerPool? workers = null)
    {
        (this.parameters, this.workers) = (parameters, workers ?? WorkerPool.Shared);
        chunks = new ParameterChunks(parameters);
        partial = new double[chunks.Count];
    }

    /// <summary>sqrt(Σ g²) over every parameter that has a gradient. Piece sums are added in a fixed order.</summary>
    public double Compute()
    {
        chunks.ForEach(workers, new Body(parameters, partial));
        double sum = 0;
        foreach (double value in partial) sum += value;
        return Math.Sqrt(sum);
    }

    /// <summary>
    /// PyTorch's clip_grad_norm_: max / (norm + 1e-6), at most 1. A norm equal to the limit is still scaled by 1 / (1 + 1e-6 / norm).
    /// </summary>
    /// <param name="norm">Norm of the gradients.</param>
    /// <param name="maximum">Largest norm allowed; infinity means no clipping.</param>
    public static double ClipFactor(double norm, double maximum) =>
        double.IsPositiveInfinity(maximum) ? 1 : Math.Min(1, maximum / (norm + 1e-6));

    private readonly struct Body(IReadOnlyList<Parameter> parameters, double[] partial) : IChunkBody
    {
        public void Run(int chunk, int parameter, int start, int length)
        {
            Tensor value = parameters[parameter].Value;
            partial[chunk] = 0;
            if (!value.HasGrad) return;
            double sum = 0;
            // Short runs in single, totals in double: as exact as needed and as fast as single.
            for (int i = 0; i < length; i += 256)
                sum += TensorPrimitives.SumOfSquares<float>(value.Grad.Slice(start + i, Math.Min(256, length - i)));
            partial[chunk] = sum;
        }
    }
}
