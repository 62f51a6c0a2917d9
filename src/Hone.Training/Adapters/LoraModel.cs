using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Adapters;

/// <summary>
/// A model with LoRA attached: the base is frozen, the low-rank factors are trained. The adapter can be switched off (the
/// reference policy of preference methods), merged into the weights and taken out again, saved and loaded as PEFT does.
/// </summary>
public sealed class LoraModel : IModelAdapter
{
    private readonly WorkerPool workers;
    private readonly List<LoraLayer> layers = [];
    private readonly MergedWeights merged = new();
    private readonly WholeWeights whole;
    private Pissa? pissa;

    private LoraModel(LanguageModel model, LoraConfig config, WorkerPool? workers)
    {
        (Model, Config, this.workers) = (model, config, workers ?? WorkerPool.Shared);
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = false;
        foreach (LinearLayer layer in model.LinearLayers.Append(model.Head)) Adapt(layer);
        string table = ModuleNames.Of(model.EmbeddingName);
        if (config.Names && config.Adapts(table, isHead: false))
            model.EmbeddingAdapter = Embedding = new EmbeddingLora(model.Embedding, config.RankOf(table), config.ScalingOf(table));
        whole = new WholeWeights(model, config, layers);
        if (layers.Count == 0 && Embedding is null) throw new HoneException($"no linear layer of the model matches the adapter's targets. Layers here end in: {string.Join(", ", model.LinearLayers.Select(l => l.Name.Split('.')[^1]).Distinct())}.");
    }

    /// <summary>The model with its base weights.</summary>
    public LanguageModel Model { get; }

    public LoraConfig Config { get; }

    /// <summary>One per adapted layer.</summary>
    public IReadOnlyList<LoraLayer> Layers => layers;

    /// <summary>The adapter of the embedding table, where the targets name it.</summary>
    public EmbeddingLora? Embedding { get; }

    /// <summary>What is trained: factors, magnitudes, and whatever is stored whole.</summary>
    public IReadOnlyList<Parameter> Parameters =>
        [.. layers.SelectMany(l => l.Parameters), .. Embedding is null ? Array.Empty<Parameter>() : [Embedding.A, Embedding.B], .. whole.Parameters];

    /// <summary>
    /// Attaches a fresh adapter: A uniform in ±1/sqrt(in), B zero, so that the model is unchanged at first; or, with PiSSA, the
    /// principal part of the weights.
    /// </summary>
    /// <param name="model">Base model; frozen from here on.</param>
    /// <param name="config">Settings.</param>
    /// <param name="random">Draws A.</param>
    /// <param name="workers">Threads.</param>
    /// <exception cref="HoneException">No layer matches, or the head of a tied model was asked for.</exception>
    public static LoraModel Attach(LanguageModel model, LoraConfig config, RandomStream random, WorkerPool? workers = null)
    {
        LoraModel lora = new(model, config, workers);
        if (config.Init == LoraConfig.PissaInit) lora.pissa = new Pissa();
        foreach (LoraLayer layer in lora.layers)
        {
            float bound = 1 / MathF.Sqrt(layer.Layer.Inputs);
            random.Derive(layer.Layer.Name).FillUniform(layer.A.Value.Data, -bound, bound);
            lora.pissa?.Initialise(layer);
            layer.InitialiseMagnitude(lora.workers);
        }
        // PEFT's embeddings start the other way round: A zero, B normal.
        if (lora.Embedding is { } embedding) random.Derive(embedding.B.Name).FillNormal(embedding.B.Value.Data, 0, 1);
        return lora;
    }

    /// <summary>Attaches an adapter that was saved by Hone or PEFT.</summary>
    /// <param name="model">Base model.</param>
    /// <param name="folder">Folder with adapter_config.json and adapter_model.safetensors.</param>
    /// <param name="workers">Threads.</param>
    /// <exception cref="HoneException">Files missing or not fitting the model.</exception>
    public static LoraModel Load(LanguageModel model, string folder, WorkerPool? workers = null)
    {
        LoraModel lora = new(model, LoraConfig.Load(Path.Combine(folder, AdapterFile.ConfigName)), workers);
        AdapterFile.Read(folder, lora);
        return lora;
    }

    /// <summary>Attaches given factors.</summary>
    internal static LoraModel FromFactors(LanguageModel model, LoraConfig config, IReadOnlyDictionary<string, LoraFactors> factors, WorkerPool? workers)
    {
        LoraModel lora = new(model, config, workers);
        foreach (LoraLayer layer in lora.layers)
        {
            LoraFactors found = factors[layer.Layer.Name];
            found.A.CopyTo(layer.A.Value.Data);
            found.B.CopyTo(layer.B.Value.Data);
        }
        return lora;
    }

    /// <summary>Saves the adapter as PEFT does. An adapter begun with PiSSA is converted so that it fits the original base.</summary>
    public void Save(string folder)
    {
        if (pissa is null) AdapterFile.Write(folder, this);
        else AdapterFile.Write(folder, Pissa.Converted(Config).ToJson(layers.Select(l => l.Layer.Name)), layers.SelectMany(Converted));
    }

    /// <inheritdoc/>
    public void Enable(bool on)
    {
        foreach (LoraLayer layer in layers) layer.IsEnabled = on;
        if (Embedding is not null) Embedding.IsEnabled = on;
        whole.Enable(on);
    }

    /// <summary>Writes the low-rank part into the weights and takes the adapters off the layers. A copy of the base weights is kept.</summary>
    /// <exception cref="HoneException">An adapted embedding is also the head: merging would change the head too.</exception>
    public void Merge()
    {
        if (merged.Any) return;
        if (Embedding is not null && Model.Config.TiedHead)
            throw new HoneException("the adapter changes the embedding's lookup, and this model's head is the same matrix: merging would change the head too. Keep the adapter apart, or give the model a head of its own first.");
        foreach (LoraLayer layer in layers)
        {
            float[] result = new float[layer.Layer.Weight.Value.Count];
            layer.Merged(workers, result);
            merged.Replace(layer.Layer.Weight, result);
            layer.Layer.Adapters.Remove(layer);
        }
        if (Embedding is null) return;
        merged.Replace(Embedding.Table, Embedding.Merged());
        Model.EmbeddingAdapter = null;
    }

    /// <summary>Undoes <see cref="Merge"/>: the base weights come back bit for bit.</summary>
    public void Unmerge()
    {
        if (!merged.Any) return;
        merged.Restore();
        foreach (LoraLayer layer in layers) layer.Layer.Adapters.Add(layer);
        if (Embedding is not null) Model.EmbeddingAdapter = Embedding;
    }

    private void Adapt(LinearLayer layer)
    {
        bool isHead = layer == Model.Head;
        if (!Config.Adapts(layer.Name, isHead)) return;
        if (isHead && Model.Config.TiedHead)
            throw new HoneException("this model's head shares its matrix with the embedding, so an adapter on 'lm_head' could not be merged. Leave the head out.");
        if (Config.Dora && layer.Quantized is { } quantized)
            throw new HoneException($"{layer.Name} is kept in {quantized.Type}, and DoRA needs the norms of full weights. Load the model with full weights (--precision fp32).");
        LoraLayer lora = new(layer, Config.RankOf(layer.Name), Config.ScalingOf(layer.Name), Config.Dora);
        layer.Adapters.Add(lora);
        layers.Add(lora);
    }

    private IEnumerable<WeightSource> Converted(LoraLayer layer)
    {
        (float[] a, float[] b) = pissa!.Converted(layer);
        yield return WeightSource.FromFloats(AdapterFile.Prefix + layer.A.Name, WeightType.F32, [2 * layer.Rank, layer.Layer.Inputs], a);
        yield return WeightSource.FromFloats(AdapterFile.Prefix + layer.B.Name, WeightType.F32, [layer.Layer.Outputs, 2 * layer.Rank], b);
    }
}
