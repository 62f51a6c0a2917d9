using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Loading;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench rollout", "Sampling many answers to several prompts, as reinforcement learning and self-improvement do.")]
internal sealed class BenchRolloutCommand : BenchCommand
{
    private readonly BenchModel model = new();
    private readonly Option<int> prompts = CliOptions.Number("--prompts", "Number of prompts.", 8, 1, 4096);
    private readonly Option<int> samples = CliOptions.Number("--samples", "Answers to each.", 16, 1, 4096);
    private readonly Option<int> promptLength = CliOptions.Number("--prompt-length", "Tokens of a prompt; gone through once for all its answers.", 128, 1, 1 << 20);
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of an answer.", 64, 1, 1 << 20);
    private readonly Option<int> together = CliOptions.Number("--streams", "Answers decoded together.", 128, 1, 4096);

    protected override IEnumerable<Symbol> Own => [.. model.All, prompts, samples, promptLength, length, together];

    public override string Details => base.Details + "\nTokens a second count written tokens; prompts are in the time, and in the operations once each.";

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench rollout --model model.gguf", "8 prompts, 16 answers each"),
        new("bench rollout --prompts 2 --samples 8 --length 32 --json", "a small one with random weights"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        LoadedModel loaded = model.Load(run);
        (int count, int each, int before, int tokens) = (run.Get(prompts), run.Get(samples), run.Get(promptLength), run.Get(length));
        Engine engine = new(loaded, new EngineOptions { Workers = workers, MaxSequences = run.Get(together) });
        GenerationRequest[] requests = [.. Enumerable.Range(0, count).Select(i => new GenerationRequest
        {
            Prompt = BenchModel.Tokens(loaded.Model, before, i), Samples = each, MaxTokens = tokens, Sampling = new SamplingOptions(), StopIds = [], Seed = i,
        })];
        (Func<double, Measurement> measure, string name) = ModelWork.Peak(loaded.Model, workers);
        (double peak, BenchTimes times) = WithPeak(measure, () => BenchTimer.Run(run, seconds, () => { engine.Generate(requests, null, run.Cancellation); }));
        double written = (double)count * each * tokens;
        double operations = count * ModelWork.Prefill(loaded.Model, before) + written * ModelWork.Decode(loaded.Model, before + tokens / 2.0);
        return new($"rollout {model.Name(run)}", written / times.Best, "tok/s", operations / times.Best / peak)
        {
            Peak = name,
            Median = written / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["prompts"] = count, ["samples_each"] = each, ["prompt_length"] = before, ["length"] = tokens, ["parameters"] = loaded.Model.ParameterCount },
        };
    }
}
