using Hone.Tensors.Memory;
using Hone.Tensors.Threads;

namespace Hone.Tensors.Measure;

/// <summary>Measures <see cref="QuantizedMatrix.Multiply"/> against the int8 peak (many rows) or the read bandwidth (one row).</summary>
public static unsafe class QuantBench
{
    /// <summary>Speed in GOP/s as a share of the int8 peak, sampled in turn with it.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="type">Type of the weights.</param>
    /// <param name="outputs">Rows of the matrix.</param>
    /// <param name="width">Columns.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement Compute(WorkerPool workers, QuantType type, int outputs, int width, int rows, double seconds = 1)
    {
        using QuantizedMatrix matrix = Random(type, outputs, width);
        using NativeBuffer input = Activations(rows * width), output = Activations(rows * outputs);
        float* x = input.Pointer, y = output.Pointer;
        double[] best = BestOf.Alternating([() => matrix.Multiply(workers, x, rows, y), () => Peaks.Int8Sample(workers)], seconds);
        double speed = 2.0 * outputs * width * rows / best[0];
        string name = $"{type} {rows} x [{outputs}, {width}]";
        return Measurement.Now(name, speed * 1e-9, "GOP/s", speed / (Peaks.Int8SampleOperations(workers) / best[1]), workers.Threads);
    }

    /// <summary>Weights read in GB/s as a share of the read bandwidth, for one row of activations and enough matrices to miss every cache.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="type">Type of the weights.</param>
    /// <param name="outputs">Rows of each matrix.</param>
    /// <param name="width">Columns.</param>
    /// <param name="rows">Rows of activations.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement Stream(WorkerPool workers, QuantType type, int outputs, int width, int rows, double seconds = 1)
    {
        const long total = 192L << 20;
        int count = (int)Math.Max(2, total / (type.RowBytes(width) * outputs));
        QuantizedMatrix[] matrices = [.. Enumerable.Range(0, count).Select(_ => Random(type, outputs, width))];
        using ReadSample read = new(total);
        using NativeBuffer input = Activations(rows * width), output = Activations(rows * outputs);
        float* x = input.Pointer, y = output.Pointer;
        int next = 0;
        double[] best = BestOf.Alternating(
            [() => matrices[next++ % count].Multiply(workers, x, rows, y), () => read.Run(workers)], seconds);
        double speed = matrices[0].Bytes / best[0];
        foreach (QuantizedMatrix matrix in matrices) matrix.Dispose();
        string name = $"{type} {rows} x [{outputs}, {width}] stream";
        return Measurement.Now(name, speed * 1e-9, "GB/s", speed / (read.BytesPerRun / best[1]), workers.Threads);
    }

    private static QuantizedMatrix Random(QuantType type, int outputs, int width)
    {
        byte[] data = new byte[type.RowBytes(width) * outputs];
        for (int i = 0; i < data.Length; i++) data[i] = (byte)(i * 31 & 0x3F); // as fp16 scales: small finite numbers
        return new QuantizedMatrix(type, outputs, width, data);
    }

    private static NativeBuffer Activations(int count)
    {
        NativeBuffer numbers = new(count);
        for (int i = 0; i < count; i++) numbers.Pointer[i] = (i * 37 % 101 - 50) * 0.02f;
        return numbers;
    }
}
