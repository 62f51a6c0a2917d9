using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench prefill", "Reading a prompt, up to its first answer token.")]
internal sealed class BenchPrefillCommand : BenchCommand
{
    private readonly BenchModel model = new();
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of the prompt.", 512, 1, 1 << 20);

    protected override IEnumerable<Symbol> Own => [.. model.All, length];

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench prefill --model model.gguf", "512 tokens of a real model"),
        new("bench prefill --shape layers=12,dim=768,heads=12,kv=12,ff=2048,vocab=32000 --length 128 --threads 1 --json", "a random model on one core"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        LoadedModel loaded = model.Load(run);
        int tokens = run.Get(length);
        Engine engine = new(loaded, new EngineOptions { Workers = workers });
        GenerationRequest request = new() { Prompt = BenchModel.Tokens(loaded.Model, tokens), MaxTokens = 1, Sampling = SamplingOptions.Greedy, StopIds = [] };
        (Func<double, Measurement> measure, string name) = ModelWork.Peak(loaded.Model, workers);
        (double peak, BenchTimes times) = WithPeak(measure, () => BenchTimer.Run(run, seconds, () => { engine.Generate(request, run.Cancellation); }));
        return new($"prefill {model.Name(run)}", tokens / times.Best, "tok/s", ModelWork.Prefill(loaded.Model, tokens) / times.Best / peak)
        {
            Peak = name,
            Median = tokens / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["length"] = tokens, ["parameters"] = loaded.Model.ParameterCount },
        };
    }
}
