using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.KvCache;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands.Kv;

[CliCommand("kv bench", "Measure decoding speed and memory of cache settings at a context length.")]
internal sealed class KvBenchCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly Option<string[]> settings = CliOptions.Texts("--kv", "A cache setting, for example policy=knorm,keep=0.25. Repeatable.", "KEY=VALUE,...");
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens in the context.", 8192, 1, 1 << 22);
    private readonly Option<int> tokens = CliOptions.Number("--speed-tokens", "Tokens generated in each of five rounds.", 8, 1, 1 << 16);

    public override IEnumerable<Symbol> Symbols => [.. model.All, settings, length, tokens];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Threads;

    public override string Details =>
        """
        Caches are filled with random keys and values instead of a prompt, which costs the same to attend to. Each setting and
        the full cache (exact, in pages) decode in turns; the median round counts. Without --kv: a quarter of the tokens,
        16 bits, 4 bits, and a quarter in 4 bits.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("kv bench --model models/seed --length 512", "the usual settings"),
        new("kv bench --model models/seed --length 512 --kv policy=knorm,keep=0.1 --kv format=token,bits=8,group=16 --json", "two settings, as JSON"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        string[] asked = run.Get(settings)!;
        if (asked.Length == 0) asked = ["policy=knorm,keep=0.25", "bits=16", "format=kivi,bits=4", "policy=knorm,keep=0.25,format=kivi,bits=4"];
        (string Text, KvOptions Options)[] parsed = [.. asked.Select(text => (text, KvPlan.Parse(text, RecipeLibrary.Components)))];
        using WorkerPool workers = new(run.Threads);
        TextModel text = model.Open(run, workers);
        List<KvBenchResult> results = [];
        foreach ((string name, KvOptions options) in parsed)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            results.Add(KvBench.Run(text, name, options, run.Get(length), run.Get(tokens)));
        }
        if (run.IsJson) run.WriteJson(new JsonArray([.. results.Select(ToJson)]));
        else run.WriteTable(new ResultTable($"Decoding after {run.Get(length)} tokens", ["setting", "tokens/s", "full cache", "times", "MB", "of the full cache"],
            [.. results.Select(r => (IReadOnlyList<string>)[r.Setting, $"{r.TokensPerSecond:0.0}", $"{r.FullTokensPerSecond:0.0}", $"{r.TokensPerSecond / r.FullTokensPerSecond:0.00}", $"{r.Memory.Bytes / 1e6:0.0}", $"{(double)r.Memory.Bytes / r.FullMemory.Bytes:P1}"])]));
        return Task.FromResult(CliApp.Done);
    }

    private static JsonNode ToJson(KvBenchResult result) => new JsonObject
    {
        ["setting"] = result.Setting,
        ["length"] = result.Length,
        ["tokens_per_second"] = result.TokensPerSecond,
        ["full_tokens_per_second"] = result.FullTokensPerSecond,
        ["bytes"] = result.Memory.Bytes,
        ["full_bytes"] = result.FullMemory.Bytes,
        ["allocated_bytes"] = result.Memory.AllocatedBytes,
        ["peak_bytes"] = result.Memory.PeakBytes,
    };
}
