using System.Numerics.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Ops;

/// <summary>Sums over rows, split by columns: each sum is made by one thread in the order of the rows, whatever their number.</summary>
internal static unsafe class ColumnSums
{
    /// <summary>target[c] += Σ_r x[r, c].</summary>
    public static void AddTo(WorkerPool workers, float* x, int rows, int width, float* target)
    {
        Job job = new(x, rows, width, target);
        workers.For(width, Math.Max(16, Unary.Grain / Math.Max(1, rows) / 16 * 16), ref job);
    }

    private readonly struct Job(float* x, int rows, int width, float* target) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            Span<float> sum = new(target + start, end - start);
            for (int r = 0; r < rows; r++) TensorPrimitives.Add(sum, new ReadOnlySpan<float>(x + (long)r * width + start, end - start), sum);
        }
    }
}
