using System.Numerics.Tensors;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Tensor = Hone.Tensors.Tensor;

namespace Hone.Training.Adapters;

/// <summary>
/// One learnt vector of IA3: Liu et al., "Few-Shot Parameter-Efficient Fine-Tuning is Better and Cheaper than In-Context Learning",
/// arXiv:2205.05638. It scales a layer's outputs, or the inputs of feed-forward modules.
/// </summary>
public sealed class Ia3Layer : ILinearAdapter
{
    internal Ia3Layer(LinearLayer layer, bool scalesInput)
    {
        (Layer, ScalesInput) = (layer, scalesInput);
        Vector = new Parameter($"{layer.Name}.ia3_l", Tensor.Create(scalesInput ? (1, layer.Inputs) : (layer.Outputs, 1), true));
        Vector.Value.Data.Fill(1);
    }

    public LinearLayer Layer { get; }

    /// <summary>Whether l multiplies the input rather than the output.</summary>
    public bool ScalesInput { get; }

    /// <summary>l: [1, in] or [out, 1], the shapes of PEFT's files.</summary>
    public Parameter Vector { get; }

    public bool IsEnabled { get; set; } = true;

    /// <inheritdoc/>
    public Tensor Apply(Tape tape, Tensor x, Tensor y, LinearLayer layer)
    {
        if (!IsEnabled) return y;
        Tensor row = tape.View(Vector.Value, (1, Vector.Value.Count));
        if (ScalesInput)
            return layer.Quantized is { } quantized ? tape.FrozenLinear(tape.Mul(x, row), quantized, null, fast: !tape.Recording) : tape.Linear(tape.Mul(x, row), layer.Weight.Value);
        Tensor scaled = tape.Mul(y, row);
        // The layer adds b afterwards; l ∘ (Wx + b) needs (l − 1) ∘ b more.
        return layer.Bias is { } bias
            ? tape.Add(scaled, tape.Mul(tape.View(bias.Value, (1, bias.Value.Count)), tape.AddScalar(row, -1)))
            : scaled;
    }

    /// <summary>W with columns or rows scaled.</summary>
    internal float[] Merged()
    {
        float[] result = Layer.Weight.Value.Data.ToArray();
        int inputs = Layer.Inputs;
        ReadOnlySpan<float> l = Vector.Value.Data;
        for (int row = 0; row < Layer.Outputs; row++)
        {
            Span<float> target = result.AsSpan(row * inputs, inputs);
            if (ScalesInput) TensorPrimitives.Multiply(target, l, target);
            else TensorPrimitives.Multiply(target, l[row], target);
        }
        return result;
    }
}

/// <summary>A model with IA3 attached.</summary>
public sealed class Ia3Model : IModelAdapter
{
    private readonly List<Ia3Layer> layers = [];
    private readonly MergedWeights merged = new();
    private readonly Ia3Config config;

    private Ia3Model(LanguageModel model, Ia3Config config)
    {
        (Model, this.config) = (model, config);
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = false;
        foreach (LinearLayer layer in model.LinearLayers.Where(l => config.Targets.Covers(l.Name)))
        {
            Ia3Layer ia3 = new(layer, config.FeedForward.Covers(layer.Name));
            layer.Adapters.Add(ia3);
            layers.Add(ia3);
        }
        if (layers.Count == 0) throw new HoneException("no linear layer of the model matches the IA3 adapter's targets.");
    }

    public LanguageModel Model { get; }

    public IReadOnlyList<Ia3Layer> Layers => layers;

    public IReadOnlyList<Parameter> Parameters => [.. layers.Select(l => l.Vector)];

    /// <summary>Attaches a fresh adapter of ones, which changes nothing at first.</summary>
    /// <param name="model">Base model; frozen from here on.</param>
    /// <param name="targets">Ends of module names.</param>
    /// <param name="feedForward">Those of the targets whose inputs are scaled.</param>
    /// <exception cref="HoneException">No layer matches.</exception>
    public static Ia3Model Attach(LanguageModel model, IReadOnlyList<string> targets, IReadOnlyList<string> feedForward) =>
        new(model, new(new(targets, null), new(feedForward, null)));

    /// <summary>Attaches a saved adapter.</summary>
    /// <exception cref="HoneException">Files missing or not fitting the model.</exception>
    public static Ia3Model Load(LanguageModel model, string folder)
    {
        Ia3Model ia3 = new(model, Ia3Config.Load(Path.Combine(folder, AdapterFile.ConfigName)));
        string path = Path.Combine(folder, AdapterFile.WeightsName);
        using SafetensorsFile file = AdapterFile.Open(path);
        foreach (Parameter parameter in ia3.Parameters) file.ReadTensor(path, AdapterFile.Prefix + parameter.Name, parameter.Value);
        return ia3;
    }

    public void Enable(bool on)
    {
        foreach (Ia3Layer layer in layers) layer.IsEnabled = on;
    }

    public void Merge()
    {
        if (merged.Any) return;
        foreach (Ia3Layer layer in layers)
        {
            merged.Replace(layer.Layer.Weight, layer.Merged());
            if (!layer.ScalesInput && layer.Layer.Bias is { } bias)
            {
                float[] values = bias.Value.Data.ToArray();
                TensorPrimitives.Multiply(values, layer.Vector.Value.Data, values);
                merged.Replace(bias, values);
            }
            layer.Layer.Adapters.Remove(layer);
        }
    }

    public void Unmerge()
    {
        if (!merged.Any) return;
        merged.Restore();
        foreach (Ia3Layer layer in layers) layer.Layer.Adapters.Add(layer);
    }

    public void Save(string folder) => AdapterFile.Write(
        folder, config.ToJson(), layers.Select(l => l.Vector.Value.ToWeightSource(AdapterFile.Prefix + l.Vector.Name)));
}

/// <summary>Modules named by a list of name ends or one regular expression.</summary>
internal sealed record ModuleSet(IReadOnlyList<string> Ends, string? Pattern)
{
    public bool Covers(string module) =>
        Pattern is not null ? ModuleNames.Matches(module, Pattern) : Ends.Any(e => ModuleNames.EndsWith(module, e));

    public static ModuleSet From(JsonNode? node) => node switch
    {
        JsonArray array => new([.. array.Select(n => (string?)n ?? throw new FormatException("null where a name is needed"))], null),
        JsonValue value => new([], (string)value!),
        _ => new([], null),
    };

    public JsonNode ToJson() => Pattern is not null ? Pattern : new JsonArray([.. Ends.Select(e => (JsonNode)e)]);
}

/// <summary>IA3's part of adapter_config.json.</summary>
internal sealed record Ia3Config(ModuleSet Targets, ModuleSet FeedForward)
{
    public static Ia3Config Load(string path)
    {
        JsonObject json = ModelAdapter.ReadConfig(path);
        try
        {
            if (json["modules_to_save"] is JsonArray { Count: > 0 }) throw new HoneException($"{path}: modules_to_save of an IA3 adapter is not supported.");
            return new(ModuleSet.From(json["target_modules"]), ModuleSet.From(json["feedforward_modules"]));
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException)
        {
            throw new HoneException($"{path}: not an adapter configuration ({error.Message})", error);
        }
    }

    public JsonObject ToJson() => new()
    {
        ["peft_type"] = "IA3",
        ["task_type"] = "CAUSAL_LM",
        ["base_model_name_or_path"] = "",
        ["target_modules"] = Targets.ToJson(),
        ["feedforward_modules"] = FeedForward.ToJson(),
        ["modules_to_save"] = null,
        ["fan_in_fan_out"] = false,
        ["init_ia3_weights"] = true,
        ["inference_mode"] = true,
    };
}
