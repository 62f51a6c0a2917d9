using System.CommandLine;
using Hone.Inference;
using Hone.Models.Loading;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;

namespace Hone.Cli.Options;

/// <summary>The options of commands that run a decoder: <c>--model</c>, <c>--adapter</c> and <c>--precision</c>.</summary>
/// <param name="defaultPrecision">How exactly the command computes unless it is told otherwise.</param>
public sealed class ModelOptions(Precision defaultPrecision = Precision.Stored)
{
    private readonly Option<string> model = ModelArgument.Option();

    private readonly Option<string?> adapter = CliOptions.Text("--adapter", "LoRA adapter to put on the model: a folder as PEFT or 'train sft' writes it.", "DIR");

    private readonly PrecisionOption precision = new(defaultPrecision);

    public IEnumerable<Option> All => [model, adapter, precision.Option];

    /// <summary>The model as the user named it.</summary>
    public string Name(CommandRun run) => run.Get(model)!;

    /// <summary>Loads the model, with the adapter attached where one is given. A tokenizer may be missing.</summary>
    /// <exception cref="HoneException">Nothing there that can be read, or an adapter of another model.</exception>
    public LoadedModel Load(CommandRun run, WorkerPool workers)
    {
        LoadedModel loaded = Load(run, Name(run), precision.Read(run));
        if (run.Get(adapter) is { } folder) LoraModel.Load(loaded.Model, RequireFolder(folder), workers);
        return loaded;
    }

    /// <summary>Loads the model with its tokenizer, template and engine.</summary>
    /// <exception cref="HoneException">As for <see cref="Load(CommandRun, WorkerPool)"/>, and a model without a tokenizer.</exception>
    public TextModel Open(CommandRun run, WorkerPool workers) => new(Load(run, workers), workers);

    /// <summary>Loads a model by its name, showing that this takes a while.</summary>
    internal static LoadedModel Load(CommandRun run, string name, LoadOptions? options = null)
    {
        string path = ModelArgument.Locate(name);
        using IProgressTask progress = run.Reporter.Start($"loading {Path.GetFileName(path.TrimEnd('/'))}", 0, "models");
        return ModelLoader.Load(path, options);
    }

    internal static string RequireFolder(string adapter) => Directory.Exists(adapter) ? adapter
        : throw new HoneException($"{adapter}: no such folder. An adapter is a folder with adapter_config.json and adapter_model.safetensors.");
}
