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
public sealed class LoraModel
{
    private readonly WorkerPool workers;
    private readonly List<LoraLayer> layers = [];
    private readonly Dictionary<LoraLayer, float[]> unmerged = [];
    private readonly List<Parameter> whole = [];

    private LoraModel(LanguageModel model, LoraConfig config, WorkerPool? workers)
    {
        (Model, Config, this.workers) = (model, config, workers ?? WorkerPool.Shared);
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = false;
        foreach (LinearLayer layer in model.LinearLayers.Append(model.Head))
        {
            if (!config.Adapts(layer.Name, layer == model.Head)) continue;
            if (layer == model.Head && model.Config.TiedHead)
                throw new HoneException("this model's head shares its matrix with the embedding, so an adapter on 'lm_head' could not be merged. Leave the head out.");
            LoraLayer lora = new(layer, config.RankOf(layer.Name), config.ScalingOf(layer.Name), config.Dora);
            layer.Adapters.Add(lora);
            layers.Add(lora);
            if (config.Bias == "lora_only" && layer.Bias is { } bias) whole.Add(bias);
        }
        if (config.Bias == "all") whole.AddRange(model.Parameters.Where(p => p.Name.EndsWith(".bias", StringComparison.Ordinal)));
        whole.AddRange(model.Parameters.Where(p => !whole.Contains(p) && config.ModulesToSave.Any(m => ModuleOf(p.Name).EndsWith(m, StringComparison.Ordinal))));
        foreach (Parameter parameter in whole) parameter.Trainable = true;
        if (layers.Count == 0) throw new HoneException($"no linear layer of the model matches the adapter's targets. Layers here end in: {string.Join(", ", model.LinearLayers.Select(l => l.Name.Split('.')[^1]).Distinct())}.");
    }

    /// <summary>The model with its base weights.</summary>
    public LanguageModel Model { get; }

    public LoraConfig Config { get; }

    /// <summary>One per adapted layer.</summary>
    public IReadOnlyList<LoraLayer> Layers => layers;

    /// <summary>What is trained: factors, magnitudes, and whatever is stored whole.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. layers.SelectMany(l => l.Parameters), .. whole];

    /// <summary>Attaches a fresh adapter: A uniform in ±1/sqrt(in), B zero, so that the model is unchanged at first.</summary>
    /// <param name="model">Base model; frozen from here on.</param>
    /// <param name="config">Settings.</param>
    /// <param name="random">Draws A.</param>
    /// <param name="workers">Threads.</param>
    /// <exception cref="HoneException">No layer matches, or the head of a tied model was asked for.</exception>
    public static LoraModel Attach(LanguageModel model, LoraConfig config, RandomStream random, WorkerPool? workers = null)
    {
        LoraModel lora = new(model, config, workers);
        foreach (LoraLayer layer in lora.layers)
        {
            float bound = 1 / MathF.Sqrt(layer.Layer.Inputs);
            random.Derive(layer.Layer.Name).FillUniform(layer.A.Value.Data, -bound, bound);
            layer.InitialiseMagnitude(lora.workers);
        }
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

    /// <summary>Saves the adapter as PEFT does.</summary>
    public void Save(string folder) => AdapterFile.Write(folder, this);

    /// <summary>Switches the low-rank part on or off. Weights stored whole stay as they are.</summary>
    public void Enable(bool on)
    {
        foreach (LoraLayer layer in layers) layer.IsEnabled = on;
    }

    /// <summary>Writes the low-rank part into the weights and takes the adapters off the layers. A copy of the base weights is kept.</summary>
    public void Merge()
    {
        foreach (LoraLayer layer in layers)
        {
            if (unmerged.ContainsKey(layer)) continue;
            unmerged[layer] = layer.Layer.Weight.Value.Data.ToArray();
            float[] result = new float[layer.Layer.Weight.Value.Count];
            layer.Merged(workers, result);
            result.CopyTo(layer.Layer.Weight.Value.Data);
            layer.Layer.Adapters.Remove(layer);
        }
    }

    /// <summary>Undoes <see cref="Merge"/>: the base weights come back bit for bit.</summary>
    public void Unmerge()
    {
        foreach ((LoraLayer layer, float[] weights) in unmerged)
        {
            weights.CopyTo(layer.Layer.Weight.Value.Data);
            layer.Layer.Adapters.Add(layer);
        }
        unmerged.Clear();
    }

    internal IReadOnlyList<Parameter> Whole => whole;

    internal static string ModuleOf(string parameterName) => parameterName[..Math.Max(0, parameterName.LastIndexOf('.'))];
}
