using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Text;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>A model with everything needed to talk to it: weights, tokenizer, template, engine.</summary>
public sealed class TextModel
{
    /// <param name="loaded">Weights, tokenizer and template.</param>
    /// <param name="workers">Threads; null for all processors.</param>
    /// <param name="createCache">Makes the store of keys and values of each sequence; null for exact pages.</param>
    /// <exception cref="HoneException">There is no tokenizer, or the chat template cannot be parsed.</exception>
    public TextModel(LoadedModel loaded, WorkerPool? workers = null, Func<LanguageModel, IKvCache>? createCache = null)
    {
        Loaded = loaded;
        Tokenizer = loaded.RequireTokenizer();
        Workers = workers ?? WorkerPool.Shared;
        IReadOnlyList<int> ends = loaded.Generation.EosIds;
        int[] endIds = [.. (Tokenizer.EosId is { } eos ? ends.Prepend(eos) : ends).Distinct()]; // the tokenizer's own first: it is the one written behind answers
        Text = new ModelText(Tokenizer, loaded.Renderer, endIds);
        Engine = new Engine(Model, Tokenizer, loaded.Generation with { EosIds = endIds }, new EngineOptions { Workers = Workers, CreateCache = createCache });
    }

    /// <summary>What was loaded.</summary>
    public LoadedModel Loaded { get; }

    public LanguageModel Model => Loaded.Model;

    public Tokenizer Tokenizer { get; }

    public WorkerPool Workers { get; }

    /// <summary>How text becomes tokens.</summary>
    public ModelText Text { get; }

    /// <summary>Generates.</summary>
    public Engine Engine { get; }

    /// <summary>Loads a model of any supported form, with its tokenizer.</summary>
    /// <exception cref="HoneException">The model or its tokenizer cannot be read.</exception>
    public static TextModel Open(string path, WorkerPool? workers = null, LoadOptions? options = null) => new(ModelLoader.Load(path, options), workers);

    /// <summary>Likewise, with the tokenizer and template of another folder or file.</summary>
    /// <exception cref="HoneException">The model or the tokenizer cannot be read.</exception>
    public static TextModel Open(string path, string tokenizer, WorkerPool? workers = null, LoadOptions? options = null)
    {
        LoadedModel loaded = ModelLoader.Load(path, options);
        return new(new LoadedModel(loaded.Model, loaded.Generation, Tokenizer.Load(tokenizer)) { Path = loaded.Path }, workers);
    }

    /// <summary>Writes a Hugging Face folder: config.json, weights, tokenizer with its template, generation settings. An older folder is replaced whole.</summary>
    /// <param name="folder">Target.</param>
    /// <param name="type">Number format of the weights: F32, F16 or BF16.</param>
    public void Save(string folder, WeightType type = WeightType.F32) =>
        AtomicFile.WriteFolder(folder, temporary => ModelSaver.Save(temporary, Loaded, type));
}
