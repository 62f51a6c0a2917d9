using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench decode", "Writing an answer token by token.")]
internal sealed class BenchDecodeCommand : BenchCommand
{
    private readonly BenchModel model = new();
    private readonly Option<int> prompt = CliOptions.Number("--prompt-length", "Tokens of the prompt, which is not timed.", 64, 1, 1 << 20);
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens written in a sample.", 64, 2, 1 << 20);
    private readonly Option<int> streams = CliOptions.Number("--streams", "Answers written together, one reading of the weights for all.", 1, 1, 4096);

    protected override IEnumerable<Symbol> Own => [.. model.All, prompt, length, streams];

    public override string Details => base.Details + "\nOne stream is compared with read bandwidth (every weight once a token, and the keys and values before it), several with operations: int8 where the weights are multiplied as such, else fp32.";

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench decode --model model.gguf", "one answer at a time"),
        new("bench decode --model model.gguf --streams 8 --json", "eight together: tokens a second in total"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        LoadedModel loaded = model.Load(run);
        (int before, int tokens, int count) = (run.Get(prompt), run.Get(length), run.Get(streams));
        Engine engine = new(loaded, new EngineOptions { Workers = workers, MaxSequences = count });
        GenerationRequest request = new()
        {
            Prompt = BenchModel.Tokens(loaded.Model, before),
            Samples = count,
            MaxTokens = tokens,
            Sampling = count == 1 ? SamplingOptions.Greedy : new SamplingOptions(),
            StopIds = [],
        };
        double seen = before + tokens / 2.0;
        (Func<double, Measurement> measure, string name) = count == 1 ? (s => Peaks.Read(workers, s), "read bandwidth") : ModelWork.Peak(loaded.Model, workers);
        (double peak, BenchTimes times) = WithPeak(measure, () => BenchTimer.Run(run, seconds, () => DecodeSeconds(engine, request, run)));
        double written = (double)count * (tokens - 1);
        double work = count == 1 ? ModelWork.DecodeBytes(loaded.Model, seen) : ModelWork.Decode(loaded.Model, seen);
        return new($"decode {model.Name(run)}", written / times.Best, "tok/s", written * work / times.Best / peak)
        {
            Peak = name,
            Median = written / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["prompt_length"] = before, ["length"] = tokens, ["streams"] = count, ["parameters"] = loaded.Model.ParameterCount },
        };
    }

    /// <summary>Seconds from the first token of all answers to the last: the prompt is gone through by then.</summary>
    private static double DecodeSeconds(Engine engine, GenerationRequest request, CommandRun run)
    {
        int seen = 0;
        double start = 0;
        engine.Generate([request], _ =>
        {
            if (++seen == request.Samples) start = BenchTimer.Now(run);
        }, run.Cancellation);
        return BenchTimer.Now(run) - start;
    }
}
