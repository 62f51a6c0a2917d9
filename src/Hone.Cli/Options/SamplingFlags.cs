using System.CommandLine;
using Hone.Inference.Sampling;

namespace Hone.Cli.Options;

/// <summary>The options that say how the next token is chosen.</summary>
public sealed class SamplingFlags
{
    private readonly Option<double?> temperature = CliOptions.OptionalNumber("--temperature", "0 takes the best token each time; above 0 samples, 1 from the model's own distribution.", 0.0, 100);
    private readonly Option<int?> topK = CliOptions.OptionalNumber("--top-k", "Sample among this many best tokens; 0 is off.", 0, int.MaxValue);
    private readonly Option<double?> topP = CliOptions.OptionalNumber("--top-p", "Sample within this much probability mass; 1 is off.", 0.0, 1);
    private readonly Option<double?> minP = CliOptions.OptionalNumber("--min-p", "Leave out tokens with less than this share of the best token's probability; 0 is off.", 0.0, 1);
    private readonly Option<double?> repetition = CliOptions.OptionalNumber("--repetition-penalty", "Factor against tokens that occurred before; 1 is off.", 0.01, 100);

    public IEnumerable<Option> All => [temperature, topK, topP, minP, repetition];

    /// <summary>The defaults, changed by the options that were given.</summary>
    /// <param name="run">The command line.</param>
    /// <param name="defaults">What holds where nothing is given.</param>
    public SamplingOptions Read(CommandRun run, SamplingOptions defaults) => defaults with
    {
        Temperature = run.Get(temperature) ?? defaults.Temperature,
        TopK = run.Get(topK) ?? defaults.TopK,
        TopP = run.Get(topP) ?? defaults.TopP,
        MinP = run.Get(minP) ?? defaults.MinP,
        RepetitionPenalty = run.Get(repetition) ?? defaults.RepetitionPenalty,
    };
}
