using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Templates;
using Hone.Models.Text;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>A model with everything needed to talk to it: weights, tokenizer, template, engine.</summary>
public sealed class TextModel
{
    /// <param name="model">Weights.</param>
    /// <param name="tokenizer">Tokenizer; its chat template is used when it has one.</param>
    /// <param name="generation">End tokens and suggested sampling.</param>
    /// <param name="workers">Threads; null for all processors.</param>
    /// <exception cref="HoneException">The chat template cannot be parsed.</exception>
    public TextModel(LanguageModel model, Tokenizer tokenizer, GenerationDefaults generation, WorkerPool? workers = null)
    {
        (Model, Tokenizer, Generation) = (model, tokenizer, generation);
        Workers = workers ?? WorkerPool.Shared;
        int[] endIds = [.. (tokenizer.EosId is { } eos ? generation.EosIds.Append(eos) : generation.EosIds).Distinct()];
        ChatTemplate? template = tokenizer.ChatTemplate is { } source ? ChatTemplate.Parse(source) : null;
        Text = new ModelText(tokenizer, template, endIds);
        Engine = new Engine(model, tokenizer, generation with { EosIds = endIds }, new EngineOptions { Workers = Workers });
    }

    public LanguageModel Model { get; }

    public Tokenizer Tokenizer { get; }

    public GenerationDefaults Generation { get; }

    public WorkerPool Workers { get; }

    /// <summary>How text becomes tokens.</summary>
    public ModelText Text { get; }

    /// <summary>Generates.</summary>
    public Engine Engine { get; }

    /// <summary>Loads a model of any supported form, with its tokenizer.</summary>
    /// <exception cref="HoneException">The model or its tokenizer cannot be read.</exception>
    public static TextModel Open(string path, WorkerPool? workers = null)
    {
        LoadedModel loaded = ModelLoader.Load(path);
        Tokenizer tokenizer = loaded.Tokenizer
            ?? throw new HoneException($"{path}: no tokenizer was found with the model. Put its tokenizer.json beside it.");
        return new(loaded.Model, tokenizer, loaded.Generation, workers);
    }

    /// <summary>Writes a Hugging Face folder: config.json, weights, tokenizer with its template, generation settings. An older folder is replaced whole.</summary>
    /// <param name="folder">Target.</param>
    /// <param name="type">Number format of the weights: F32, F16 or BF16.</param>
    public void Save(string folder, WeightType type = WeightType.F32) => AtomicFile.WriteFolder(folder, temporary =>
    {
        ModelSaver.Save(temporary, Model, Generation, type);
        Tokenizer.SaveToDirectory(temporary);
    });
}
