using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Config;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

[assembly: Hone.Cli.CliGroup("model", "Look at models.")]

namespace Hone.Cli.Commands;

[CliCommand("model info", "What a model is made of and how much memory it takes, without loading its weights.")]
internal sealed class ModelInfoCommand : CliCommand
{
    private readonly Argument<string> model = new("model")
    {
        Description = "A Hugging Face folder, a .gguf, .safetensors or llama2.c .bin file, or org/name of a pulled model.",
    };

    private readonly Option<int?> context = CliOptions.OptionalNumber("--context", "Number of tokens to compute the memory for [default: the model's longest].", 1, int.MaxValue);

    private readonly Option<bool> tensors = CliOptions.Flag("--tensors", "List every stored tensor with its type and shape.");

    public override IEnumerable<Symbol> Symbols => [model, context, tensors];

    public override string Details =>
        """
        Memory is what Hone needs to run it: weights as fp32, and fp32 keys and values of one sequence of --context tokens.
        A sliding window is not counted off.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("model info model.gguf", "architecture, sizes, types, memory, tokenizer"),
        new("model info org/name --context 2048 --json", "the same for a program, memory at 2048 tokens"),
        new("model info models/seed --tensors", "with every tensor"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        string path = ModelArgument.Locate(run.Get(model)!);
        using IWeightFile file = ModelFiles.Open(path);
        JsonObject json = EncoderLoader.IsEncoder(path) ? Encoder(path, file) : Decoder(ModelLoader.LoadConfig(path), file, run.Get(context));
        json["file"] = Files(path, file);
        json["tokenizer"] = TokenizerOf(path, out string? template);
        json["chat_template"] = template is not null;
        if (run.Get(tensors)) json["tensors"] = new JsonArray([.. file.Entries.Values.Select(Entry)]);
        if (run.IsJson) run.WriteJson(json);
        else Output.ModelInfoText.Print(run.Output, json);
        return Task.FromResult(CliApp.Done);
    }

    private static JsonObject Decoder(ModelConfig config, IWeightFile file, int? asked)
    {
        long parameters = Parameters(file), tokens = asked ?? config.MaxPositions;
        long weights = parameters * sizeof(float), cache = config.KvBytesPerToken * tokens;
        return new()
        {
            ["architecture"] = config.Architecture,
            ["parameters"] = parameters,
            ["shape"] = new JsonObject
            {
                ["layers"] = config.Layers,
                ["hidden_size"] = config.HiddenSize,
                ["intermediate_size"] = config.IntermediateSize,
                ["heads"] = config.Heads,
                ["kv_heads"] = config.KvHeads,
                ["head_size"] = config.HeadSize,
                ["vocabulary"] = config.VocabularySize,
                ["max_context"] = config.MaxPositions,
                ["tied_head"] = config.TiedHead,
                ["experts"] = config.Moe?.Experts ?? 0,
                ["sliding_window"] = config.LayerConfigs.Max(layer => layer.Window),
                ["rope_theta"] = config.Rope?.Theta,
                ["rope_scaling"] = config.Rope?.Scaling.ToString().ToLowerInvariant(),
            },
            ["memory"] = new JsonObject
            {
                ["context"] = tokens,
                ["weights_bytes"] = weights,
                ["kv_bytes_per_token"] = config.KvBytesPerToken,
                ["kv_cache_bytes"] = cache,
                ["total_bytes"] = weights + cache,
            },
            ["end_token_ids"] = Output.JsonNumbers.Of(config.EosIds),
        };
    }

    private static JsonObject Encoder(string path, IWeightFile file)
    {
        EncoderConfig config = EncoderLoader.LoadConfig(path);
        long parameters = Parameters(file);
        return new()
        {
            ["architecture"] = "bert",
            ["parameters"] = parameters,
            ["shape"] = new JsonObject
            {
                ["layers"] = config.Layers,
                ["hidden_size"] = config.HiddenSize,
                ["intermediate_size"] = config.IntermediateSize,
                ["heads"] = config.Heads,
                ["vocabulary"] = config.VocabularySize,
                ["max_context"] = config.MaxPositions,
            },
            ["memory"] = new JsonObject { ["weights_bytes"] = parameters * sizeof(float), ["total_bytes"] = parameters * sizeof(float) },
        };
    }

    /// <summary>Numbers that are weights: not position indices, not the rotary factors some GGUF files carry.</summary>
    private static long Parameters(IWeightFile file) => file.Entries.Values
        .Where(entry => !entry.Type.IsInteger() && !entry.Name.StartsWith("rope_", StringComparison.Ordinal)).Sum(entry => entry.Count);

    private static JsonObject Files(string path, IWeightFile file) => new()
    {
        ["path"] = ModelFiles.Resolve(path),
        ["tensors"] = file.Entries.Count,
        ["bytes"] = file.Entries.Values.Sum(entry => entry.Bytes),
        ["types"] = new JsonObject(file.Entries.Values.GroupBy(entry => entry.Type).OrderByDescending(group => group.Sum(entry => entry.Bytes))
            .Select(group => KeyValuePair.Create<string, JsonNode?>(group.Key.ToString(), new JsonObject
            {
                ["tensors"] = group.Count(),
                ["bytes"] = group.Sum(entry => entry.Bytes),
            }))),
    };

    private static JsonObject? TokenizerOf(string path, out string? template)
    {
        Tokenizer? tokenizer = Tokenizer.TryLoad(path);
        template = tokenizer?.ChatTemplate;
        return tokenizer is null ? null : new()
        {
            ["kind"] = tokenizer.Kind,
            ["vocabulary"] = tokenizer.VocabularySize,
            ["added_tokens"] = tokenizer.AddedTokens.Count,
            ["bos"] = tokenizer.Names.Bos,
            ["eos"] = tokenizer.Names.Eos,
        };
    }

    private static JsonObject Entry(WeightEntry entry) => new()
    {
        ["name"] = entry.Name,
        ["type"] = entry.Type.ToString(),
        ["shape"] = new JsonArray([.. entry.Shape.Select(size => (JsonNode)size)]),
        ["bytes"] = entry.Bytes,
    };
}
