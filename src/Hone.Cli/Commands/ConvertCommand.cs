using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;

namespace Hone.Cli.Commands;

[CliCommand("convert", "Turn a model into a Hugging Face folder or a GGUF file, with a LoRA adapter merged in if asked.")]
internal sealed class ConvertCommand : CliCommand
{
    private readonly Argument<string> input = new("in") { Description = "A Hugging Face folder, a .gguf, .safetensors or llama2.c .bin file, or org/name of a pulled model." };
    private readonly Argument<string> output = new("out") { Description = "A name ending in .gguf for one file, else a folder. An older model there is replaced." };
    private readonly Option<string?> type = CliOptions.Text("--type", $"Number format: {string.Join(", ", ModelOutput.GgufTypes)}; folders take the first three. Left out: that of the input where it is plain, else F16.", "TYPE");
    private readonly Option<string?> adapter = CliOptions.Text("--adapter", "LoRA adapter to merge into the weights: a folder as PEFT or 'train sft' writes it.", "DIR");

    public override IEnumerable<Symbol> Symbols => [input, output, type, adapter];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Threads;

    public override string Details =>
        """
        Tokenizer, chat template and end tokens go along. A GGUF file loads in llama.cpp; where its format cannot say exactly
        what the tokenizer does, a warning says so. Quantised weights are decoded exactly; 'hone quantize' also measures what
        a smaller format costs.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("convert org/name model.gguf --type F16", "a pulled model as one GGUF file"),
        new("convert model.gguf models/mine --type BF16", "a GGUF file as a Hugging Face folder"),
        new("convert models/base models/merged --adapter runs/lora/adapter", "an adapter merged into the weights"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        string source = run.Get(input)!, target = run.Get(output)!;
        IReadOnlyList<WeightType> allowed = ModelOutput.IsGguf(target) ? ModelOutput.GgufTypes : ModelOutput.FolderTypes;
        WeightType? asked = run.Get(type) is { } name ? ModelOutput.ParseType(name, allowed) : null;
        using WorkerPool workers = new(run.Threads);
        LoadedModel loaded = ModelOptions.Load(run, source);
        if (run.Get(adapter) is { } folder) LoraModel.Load(loaded.Model, ModelOptions.RequireFolder(folder), workers).Merge();
        WeightType chosen = asked ?? TypeOf(loaded.Path);
        ModelOutput.Save(run, target, loaded, chosen);
        (long before, long after) = (BytesOf(loaded.Path), BytesOf(target));
        if (run.IsJson)
            run.WriteJson(new JsonObject
            {
                ["out"] = target,
                ["type"] = chosen.ToString(),
                ["architecture"] = loaded.Model.Config.Architecture,
                ["parameters"] = loaded.Model.ParameterCount,
                ["bytes_before"] = before,
                ["bytes"] = after,
                ["adapter"] = run.Get(adapter),
                ["tokenizer"] = loaded.Tokenizer is not null,
            });
        else
            run.Output.WriteLine($"{target}: {chosen}, {Output.ModelInfoText.Bytes(after)} ({Output.ModelInfoText.Bytes(before)} before)");
        return Task.FromResult(CliApp.Done);
    }

    /// <summary>The type of most of a model's weights where they are plain numbers, else F16.</summary>
    private static WeightType TypeOf(string path)
    {
        using IWeightFile file = ModelFiles.Open(path);
        WeightType most = file.Entries.Values.GroupBy(entry => entry.Type).MaxBy(group => group.Sum(entry => entry.Bytes))?.Key ?? WeightType.F16;
        return ModelOutput.FolderTypes.Contains(most) ? most : WeightType.F16;
    }

    /// <summary>Bytes of a model's tensors.</summary>
    internal static long BytesOf(string path)
    {
        using IWeightFile file = ModelFiles.Open(path);
        return file.Entries.Values.Sum(entry => entry.Bytes);
    }
}
