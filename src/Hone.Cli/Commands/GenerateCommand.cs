using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Cli.Output;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("generate", "Continue a text, token ids or a conversation.")]
internal sealed class GenerateCommand : CliCommand
{
    private readonly ModelOptions model = new();
    private readonly PromptOptions prompt = new();
    private readonly SamplingFlags sampling = new();
    private readonly Option<int> maxTokens = CliOptions.Number("--max-tokens", "Most tokens to generate.", 256, 1, int.MaxValue);
    private readonly Option<string[]> stop = CliOptions.Texts("--stop", "Text that ends the continuation and is left out of it. Repeatable.");
    private readonly Option<int> samples = CliOptions.Number("--samples", "Number of continuations; they share the work on the prompt.", 1, 1, 100_000);
    private readonly KvFlags kv = new();
    private readonly Option<bool> ignoreEnd = CliOptions.Flag("--ignore-eos", "Do not end at the model's end tokens.");

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. prompt.All, maxTokens, .. sampling.All, stop, samples, ignoreEnd, .. kv.All];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Without --temperature the best token is taken each time (greedy), and the same command gives the same text. The
        text is printed as it comes; with --json one object at the end holds ids (an end token included), text, logprobs
        (natural logarithms under the model's own distribution, before temperature and truncation), finish and prompt_ids.
        With several samples these fields are the first one's, and the list samples holds all. A model without a tokenizer
        works with --ids and prints ids.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("generate --model model.gguf --prompt \"Once upon a time\" --max-tokens 60", "the likeliest continuation"),
        new("generate --model model.gguf --messages chat.json --temperature 0.7 --top-p 0.9 --seed 3", "an answer to a conversation, sampled"),
        new("generate --model stories.bin --ids 1,403,407 --json", "by token ids, as JSON"),
        new("generate --model models/seed --prompt \"Ann has 3 cups.\" --samples 8 --temperature 1 --json", "eight different continuations"),
        new("generate --model models/seed --prompt \"Ann has 3 cups.\" --kv policy=snapkv,keep=0.5,bits=8", "with half of the prompt's keys and values, in 8 bits"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        LoadedModel loaded = model.Load(run, workers);
        Engine engine = MakeEngine(loaded, workers, kv.Factory(run, loaded.Model, workers));
        GenerationRequest request = new()
        {
            Prompt = prompt.Read(run, loaded),
            Samples = run.Get(samples),
            Sampling = sampling.Read(run, SamplingOptions.Greedy),
            MaxTokens = run.Get(maxTokens),
            StopIds = run.Get(ignoreEnd) ? [] : null,
            StopStrings = run.Get(stop)!,
            Seed = run.Seed,
            LogProbs = run.IsJson,
        };
        if (run.IsJson) run.WriteJson(ToJson(Generate(run, engine, request), request));
        else if (request.Samples > 1) PrintSamples(run, loaded, Generate(run, engine, request));
        else Stream(run, loaded, engine, request);
        return Task.FromResult(CliApp.Done);
    }

    /// <summary>Ends at the tokens the model's settings name, and at the tokenizer's own.</summary>
    internal static Engine MakeEngine(LoadedModel loaded, WorkerPool workers, Func<LanguageModel, IKvCache>? createCache = null)
    {
        int[] ends = [.. loaded.Generation.EosIds.Concat(loaded.Tokenizer?.EosId is { } eos ? [eos] : []).Distinct()];
        return new Engine(loaded.Model, loaded.Tokenizer, loaded.Generation with { EosIds = ends }, new EngineOptions { Workers = workers, CreateCache = createCache });
    }

    private static IReadOnlyList<GenerationResult> Generate(CommandRun run, Engine engine, GenerationRequest request)
    {
        using IProgressTask progress = run.Reporter.Start("generating", 0, "tokens");
        return engine.Generate([request], _ => progress.Advance(1), run.Cancellation);
    }

    private static void Stream(CommandRun run, LoadedModel loaded, Engine engine, GenerationRequest request)
    {
        Stopwatch clock = Stopwatch.StartNew();
        int tokens = 0;
        foreach (TokenEvent token in engine.Stream(request))
        {
            run.Cancellation.ThrowIfCancellationRequested();
            run.Output.Write(loaded.Tokenizer is not null ? token.Text : $"{(tokens == 0 ? "" : ",")}{token.Token}");
            run.Output.Flush();
            tokens++;
        }
        run.Output.WriteLine();
        run.Reporter.Line($"{request.Prompt.Count} prompt tokens, {tokens} generated, {tokens / clock.Elapsed.TotalSeconds:0.0} tokens/s.");
    }

    private static void PrintSamples(CommandRun run, LoadedModel loaded, IReadOnlyList<GenerationResult> results)
    {
        foreach (GenerationResult result in results)
        {
            run.Output.WriteLine($"--- {result.Sample + 1} of {results.Count}, {result.Ids.Length} tokens, {Name(result.Finish)}");
            run.Output.WriteLine(loaded.Tokenizer is not null ? result.Text : string.Join(',', result.Ids));
        }
    }

    private static JsonObject ToJson(IReadOnlyList<GenerationResult> results, GenerationRequest request)
    {
        JsonObject json = ToJson(results[0]);
        json["prompt_ids"] = JsonNumbers.Of(request.Prompt);
        json["seed"] = request.Seed;
        if (results.Count > 1) json["samples"] = new JsonArray([.. results.Select(ToJson)]);
        return json;
    }

    private static JsonObject ToJson(GenerationResult result) => new()
    {
        ["ids"] = JsonNumbers.Of(result.Ids),
        ["text"] = result.Text,
        ["logprobs"] = JsonNumbers.Of(result.LogProbs!),
        ["finish"] = Name(result.Finish),
    };

    internal static string Name(FinishReason finish) => finish switch
    {
        FinishReason.EndToken => "end",
        FinishReason.StopString => "stop",
        _ => "length",
    };
}
