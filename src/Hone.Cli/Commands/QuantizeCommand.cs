using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Cli.Output;
using Hone.Inference;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("quantize", "Write a model in fewer bits, and measure what that costs.")]
internal sealed class QuantizeCommand : CliCommand
{
    private readonly Argument<string> model = new("model") { Description = "A Hugging Face folder, a .gguf, .safetensors or llama2.c .bin file, or org/name of a pulled model." };
    private readonly Option<string?> type = CliOptions.Text("--type", $"Number format: {string.Join(", ", ModelOutput.GgufTypes.Where(t => t.IsQuantized()))}.", "TYPE", isRequired: true);
    private readonly Option<string?> data = CliOptions.Text("--data", "JSON Lines with text or ids to compare on. Left out: a text that comes with Hone.", "FILE");
    private readonly Option<int> tokens = CliOptions.Number("--tokens", "Most tokens to compare on; 0 leaves the comparison out.", 1024, 0, int.MaxValue);

    public override IEnumerable<Symbol> Symbols => [model, type, data, tokens];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Threads;

    public override string Details =>
        """
        Writes one GGUF file (--out, required) as llama.cpp lays it out: norms stay fp32, the output projection keeps at least
        6 bits, and a matrix whose rows do not fill the type's blocks gets the nearest type that fits. Then original and
        result go through the same text: perplexity of both, mean Kullback-Leibler divergence over the whole vocabulary, and
        how often both put the same token first. The figures are those of the weights alone, computed in fp32.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("quantize models/mine --type Q8_0 --out model-q8.gguf", "8 bits: hardly a difference"),
        new("quantize org/name --type Q4_K --out model-q4.gguf --data texts.jsonl --tokens 4096 --json", "compared on your own texts"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        string target = run.Out is { } path && ModelOutput.IsGguf(path) ? path : throw new HoneException($"--out: {(run.Out is null ? "is missing" : $"'{run.Out}' is not the name of a GGUF file")}. Give a name ending in .gguf.");
        WeightType chosen = ModelOutput.ParseType(run.Get(type)!, [.. ModelOutput.GgufTypes.Where(t => t.IsQuantized())]);
        using WorkerPool workers = new(run.Threads);
        LoadedModel loaded = ModelOptions.Load(run, run.Get(model)!);
        int[][] text = [.. ComparisonText.Read(run.Get(data), loaded, run.Get(tokens))];
        ModelOutput.Save(run, target, loaded, chosen);
        ModelDistance? distance = text.Length == 0 ? null : Compare(run, loaded, target, text, workers);
        JsonObject json = ToJson(loaded, target, chosen, distance);
        if (run.IsJson) run.WriteJson(json);
        else Print(run.Output, json, distance);
        return Task.FromResult(CliApp.Done);
    }

    private static ModelDistance Compare(CommandRun run, LoadedModel loaded, string target, int[][] text, WorkerPool workers)
    {
        LoadedModel quantised = ModelOptions.Load(run, target);
        using IProgressTask progress = run.Reporter.Start("comparing", text.Sum(t => t.Length), "tokens");
        return new ModelComparison(loaded.Model, quantised.Model, workers).Run(text, count =>
        {
            run.Cancellation.ThrowIfCancellationRequested();
            progress.Advance(count);
        });
    }

    private static JsonObject ToJson(LoadedModel loaded, string target, WeightType type, ModelDistance? distance)
    {
        long bytes = ConvertCommand.BytesOf(target);
        JsonObject json = new()
        {
            ["out"] = target,
            ["type"] = type.ToString(),
            ["parameters"] = loaded.Model.ParameterCount,
            ["bytes_before"] = ConvertCommand.BytesOf(loaded.Path),
            ["bytes"] = bytes,
            ["file_bytes"] = new FileInfo(target).Length,
            ["bits_per_weight"] = 8.0 * bytes / loaded.Model.ParameterCount,
        };
        if (distance is null) return json;
        json["tokens"] = distance.Tokens;
        json["perplexity_before"] = distance.ReferencePerplexity;
        json["perplexity"] = distance.OtherPerplexity;
        json["kl"] = distance.MeanKl;
        json["kl_largest"] = distance.LargestKl;
        json["same_top"] = distance.SameTop;
        return json;
    }

    private static void Print(TextWriter output, JsonObject json, ModelDistance? distance)
    {
        output.WriteLine($"{json["out"]}: {json["type"]}, {ModelInfoText.Bytes((long)json["bytes"]!)} ({ModelInfoText.Bytes((long)json["bytes_before"]!)} before), {(double)json["bits_per_weight"]!:0.00} bits a weight");
        if (distance is null) return;
        output.WriteLine($"perplexity   {distance.ReferencePerplexity:0.000} → {distance.OtherPerplexity:0.000} ({100 * (distance.OtherPerplexity / distance.ReferencePerplexity - 1):+0.00;-0.00} %), {distance.Tokens} tokens");
        output.WriteLine($"divergence   {distance.MeanKl:0.000000} nats on average, {distance.LargestKl:0.0000} at most");
        output.WriteLine($"same first   {distance.SameTop:P1} of tokens");
    }
}
