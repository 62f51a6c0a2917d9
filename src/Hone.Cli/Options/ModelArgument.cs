using System.CommandLine;
using Hone.Models.Formats;
using Hone.Models.Formats.Hub;

namespace Hone.Cli.Options;

/// <summary>The <c>--model</c> of every command: what it takes and where it is looked for.</summary>
public static class ModelArgument
{
    /// <summary>The option.</summary>
    /// <param name="defaultModel">Used when it is left out; null makes the option required.</param>
    /// <param name="name">For a second model, such as <c>--ref-model</c>.</param>
    public static Option<string> Option(string? defaultModel = null, string name = "--model")
    {
        Option<string> option = new(name)
        {
            Description = "Model: a Hugging Face folder, a .gguf, .safetensors or llama2.c .bin file, or org/name of a pulled model.",
            HelpName = "MODEL",
            Required = defaultModel is null,
        };
        if (defaultModel is not null) option.DefaultValueFactory = _ => defaultModel;
        return option;
    }

    /// <summary>
    /// The folder or file a model's name stands for: a path, a model that comes with Hone (<c>models/seed</c>, from any
    /// folder), or <c>org/name[@revision]</c> in the hub's cache.
    /// </summary>
    /// <param name="model">As given by the user.</param>
    /// <param name="cache">The hub's cache; null for the one of the environment.</param>
    /// <exception cref="HoneException">None of these.</exception>
    public static string Locate(string model, HubCache? cache = null)
    {
        if (File.Exists(model) || Directory.Exists(model)) return model;
        if (model.StartsWith("models/", StringComparison.Ordinal) && Assets.Find(model) is { } bundled) return bundled;
        return ModelFiles.Locate(model, cache);
    }
}
