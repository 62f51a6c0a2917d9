using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>
/// Products with exactly the fp32 weights that a file defines: a chunk of the matrix at a time is expanded into scratch memory
/// and multiplied as fp32.
/// </summary>
internal static unsafe class ExactProducts
{
    // 128 Ki floats of a chunk stay in a second-level cache of 1 MiB, beside the packed activations.
    private const int ChunkFloats = 128 * 1024;

    /// <summary>y[rows, outputs] = x[rows, width] · Wᵀ.</summary>
    public static void Forward(WorkerPool workers, WeightStore weights, int outputs, int width, float* x, int rows, float* y)
    {
        int chunk = Math.Clamp(ChunkFloats / width / 32 * 32, 32, 512);
        ForwardJob job = new(weights, outputs, width, chunk, x, rows, y);
        workers.For(outputs, 32, ref job);
    }

    private readonly struct ForwardJob(WeightStore weights, int outputs, int width, int chunk, float* x, int rows, float* y) : IRangeJob
    {
        public void Run(int worker, int start, int end)
        {
            float* expanded = Scratch.Floats(ScratchSlot.Dequantized, (long)chunk * width);
            for (int o = start; o < end; o += chunk)
            {
                int count = Math.Min(chunk, end - o);
                weights.DequantizeTransposed(o, count, 0, width, expanded, chunk);
                Gemm.RunSerial(false, false, rows, count, width, x, width, expanded, chunk, y + o, outputs, false);
            }
        }
    }

    /// <summary>dx[rows, width] = dy[rows, outputs] · W, or dx += the same.</summary>
    public static void Backward(
        WorkerPool workers, WeightStore weights, int outputs, int width, int block, float* dy, int rows, float* dx, bool accumulate)
    {
        int slice = Math.Max(block, Math.Min(256, width) / block * block);
        BackwardJob job = new(weights, outputs, width, slice, dy, rows, dx, accumulate);
        workers.For(width, Math.Max(block, 32), ref job);
    }

    private readonly struct BackwardJob(
        WeightStore weights, int outputs, int width, int slice, float* dy, int rows, float* dx, bool accumulate) : IRangeJob
    {
        private const int OutputChunk = 512;

        public void Run(int worker, int start, int end)
        {
            float* expanded = Scratch.Floats(ScratchSlot.Dequantized, (long)slice * OutputChunk);
            for (int column = start; column < end; column += slice)
            {
                int columns = Math.Min(slice, end - column);
                for (int o = 0; o < outputs; o += OutputChunk)
                {
                    int count = Math.Min(OutputChunk, outputs - o);
                    weights.DequantizeTransposed(o, count, column, columns, expanded, OutputChunk);
                    Gemm.RunSerial(
                        false, true, rows, columns, count, dy + o, outputs, expanded, OutputChunk, dx + column, width, accumulate || o > 0);
                }
            }
        }
    }
}
