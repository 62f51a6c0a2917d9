using System.CommandLine;
using Hone.Models.Loading;

namespace Hone.Cli.Options;

/// <summary>How exactly a command computes with a model's matrices.</summary>
public enum Precision
{
    /// <summary>Matrices decoded into fp32.</summary>
    Fp32,

    /// <summary>Matrices of a GGUF file in the bits they are stored in: as exact, less memory, faster writing.</summary>
    Stored,

    /// <summary>Matrices in 8 bits or fewer, inputs with 8.</summary>
    Fast,
}

/// <summary>The option <c>--precision</c>.</summary>
/// <param name="defaultValue">What holds where it is left out.</param>
public sealed class PrecisionOption(Precision defaultValue)
{
    private readonly Option<Precision> precision = CliOptions.Choice(
        "--precision",
        "fp32: matrices decoded exactly. stored: the same results with a .gguf file's matrices in its own bits. fast: matrices in 8 bits or fewer, inputs with 8.",
        defaultValue);

    public Option Option => precision;

    /// <summary>What the loader is told.</summary>
    public LoadOptions Read(CommandRun run) => run.Get(precision) switch
    {
        Precision.Stored => new() { KeepQuantized = true, PreciseInputs = true },
        Precision.Fast => new() { KeepQuantized = true, RoundToInt8 = true },
        _ => new(),
    };
}
