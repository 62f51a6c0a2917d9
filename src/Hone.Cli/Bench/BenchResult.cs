using System.Text.Json.Nodes;
using Hone.Tensors.Measure;

namespace Hone.Cli.Bench;

/// <summary>One measured speed.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The speed: that of the fastest sample.</param>
/// <param name="Unit">Its unit, e.g. <c>tok/s</c>.</param>
/// <param name="ShareOfPeak">Share of what the machine can do, 0 to 1; null where there is no peak to compare with.</param>
internal sealed record BenchResult(string Name, double Value, string Unit, double? ShareOfPeak)
{
    /// <summary>Which peak: <c>fp32</c>, <c>int8</c> or <c>read bandwidth</c>; null for none.</summary>
    public string? Peak { get; init; }

    /// <summary>Speed of the median sample.</summary>
    public double? Median { get; init; }

    /// <summary>Number of samples.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>What else was measured, or the sizes of the work.</summary>
    public JsonObject More { get; init; } = [];

    public JsonObject ToJson(int threads)
    {
        JsonObject json = new()
        {
            ["name"] = Name,
            ["value"] = Value,
            ["unit"] = Unit,
            ["share_of_peak"] = ShareOfPeak,
            ["threads"] = threads,
            ["peak_memory_bytes"] = Measurement.Now("", 0, "", 0, threads).PeakMemoryBytes,
            ["peak"] = Peak,
            ["median"] = Median,
            ["samples"] = Samples,
        };
        foreach ((string key, JsonNode? value) in More) json[key] = value?.DeepClone();
        return json;
    }
}
