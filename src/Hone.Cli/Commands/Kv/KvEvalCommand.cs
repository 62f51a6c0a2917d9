using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.KvCache;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("kv", "Keep less of the key-value cache, and see what that costs.")]

namespace Hone.Cli.Commands.Kv;

[CliCommand("kv eval", "Measure a cache setting against the full cache on the same prompts.")]
internal sealed class KvEvalCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly KvSettingFlags settings = new();
    private readonly KvTaskFlags tasks = new();

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. settings.All, .. tasks.All];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Each prompt is gone through exactly; then every layer keeps what the policy scores highest, in the precision asked
        for, and the question is asked. quality is the mean over tasks of the share of wanted answers found (for running
        text: of positions where both caches put the same token first), full_quality the same with the full cache. bytes
        counts keys, values, scales and zero points of a context; tokens_per_second is decoding after the longest context,
        both caches in turns. If the full cache does not answer a task, differences on it mean nothing.
        Policy, division over layers and heads, and format combine freely; what does not go together is refused with the
        reason. Keys keep the rotation of their own positions unless rerotate=true.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("kv eval --model models/seed --tasks stream --policy snapkv --keep 0.25 --bits 4 --json", "a quarter of the tokens in four bits"),
        new("kv eval --model models/seed --tasks niah_single_1,passkey --length 1024 --policy pyramidkv --keep 0.1 --kv window=16", "retrieval with a tenth of the tokens"),
        new("kv eval --model models/seed --policy expected_attention --allocate adakv --keep 0.25", "heads keep different numbers of tokens"),
        new("kv eval --model models/seed --policy streaming_llm --keep-tokens 256 --kv every=1", "four first and the newest tokens, while generating too"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        KvEvaluationOptions options = tasks.Read(run);
        string name = settings.Text(run);
        KvOptions kv = KvPlan.Parse(name, RecipeLibrary.Components);
        using WorkerPool workers = new(run.Threads);
        TextModel text = model.Open(run, workers);
        _ = new KvPlan(kv, text.Model, workers); // refuses before anything is computed
        KvResult result = new KvEvaluation(text, options, tasks.Text(run), run.Context("")).Measure(name, kv);
        if (run.IsJson)
        {
            JsonObject json = result.ToJson();
            (json["model"], json["length"], json["query_aware"], json["seed"]) = (model.Name(run), options.Length, options.QueryAware, run.Seed);
            run.WriteJson(json);
        }
        else Print(run, result);
        return Task.FromResult(CliApp.Done);
    }

    private static void Print(CommandRun run, KvResult result)
    {
        run.WriteTable(new ResultTable(result.Name, ["task", "full cache", "this cache", "prompts"],
            [.. result.Tasks.Select(t => (IReadOnlyList<string>)[t.Task, $"{t.FullQuality:0.000}", $"{t.Quality:0.000}", $"{t.Samples}"])]));
        run.Output.WriteLine($"{result.Bytes / 1e6:0.000} MB instead of {result.FullBytes / 1e6:0.000} MB a context: {result.Bytes / result.FullBytes:P1}.");
        if (result.Fidelity is { } f)
            run.Output.WriteLine($"Running text: perplexity {f.Perplexity:0.00} instead of {f.FullPerplexity:0.00}, KL {f.MeanKl:0.0000} nats, same first token at {f.SameTop:P1}.");
        if (double.IsFinite(result.TokensPerSecond))
            run.Output.WriteLine($"{result.TokensPerSecond:0.0} tokens/s instead of {result.FullTokensPerSecond:0.0}: {result.TokensPerSecond / result.FullTokensPerSecond:0.00} times as fast.");
        foreach (KvTaskResult task in result.Tasks.Where(t => t.Task != KvEvaluationOptions.Stream && t.FullQuality < 0.95))
            run.Reporter.Warn($"the full cache answers {task.Task} to {task.FullQuality:P0} only: differences on it say little about the cache.");
    }
}
