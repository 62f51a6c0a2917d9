namespace Hone.Tensors.Measure;

/// <summary>One measured speed.</summary>
/// <param name="Name">What was measured, e.g. <c>gemm nt 1024x1024x1024</c>.</param>
/// <param name="Value">The speed.</param>
/// <param name="Unit">Its unit, e.g. <c>GFLOP/s</c>.</param>
/// <param name="ShareOfPeak">Value divided by what the machine's peak measured in the same run allows, 0 to 1 (1 for peaks themselves).</param>
/// <param name="Threads">Threads used.</param>
/// <param name="PeakMemoryBytes">Largest working set of the process so far.</param>
public sealed record Measurement(string Name, double Value, string Unit, double ShareOfPeak, int Threads, long PeakMemoryBytes)
{
    /// <summary>A measurement that also reads the process's peak working set.</summary>
    public static Measurement Now(string name, double value, string unit, double shareOfPeak, int threads)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.GetCurrentProcess();
        return new(name, value, unit, shareOfPeak, threads, process.PeakWorkingSet64);
    }
}
