using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Training.Adapters;

/// <summary>
/// Weights that an adapter trains and stores whole. Switched off, modules_to_save give way to the base's weights, while
/// trained biases stay: this is what PEFT does.
/// </summary>
internal sealed class WholeWeights
{
    private readonly List<Parameter> biases = [], modules = [];
    private readonly Dictionary<Parameter, float[]> hidden = [];
    private bool isOn = true;

    public WholeWeights(LanguageModel model, LoraConfig config, IReadOnlyList<LoraLayer> adapted)
    {
        if (config.Bias == "lora_only") biases.AddRange(adapted.Select(l => l.Layer.Bias).OfType<Parameter>());
        if (config.Bias == "all") biases.AddRange(model.Parameters.Where(p => p.Name.EndsWith(".bias", StringComparison.Ordinal)));
        modules.AddRange(model.Parameters.Where(p => !biases.Contains(p)
            && config.ModulesToSave.Any(m => ModuleNames.Of(p.Name).EndsWith(m, StringComparison.Ordinal)))); // no dot boundary, as in PEFT
        foreach (Parameter parameter in modules) hidden[parameter] = parameter.Value.Data.ToArray();
        foreach (Parameter parameter in Parameters) parameter.Trainable = true;
    }

    public IEnumerable<Parameter> Parameters => [.. biases, .. modules];

    /// <summary>Exchanges trained and base weights of modules_to_save.</summary>
    public void Enable(bool on)
    {
        if (on == isOn) return;
        isOn = on;
        foreach (Parameter parameter in modules)
        {
            float[] visible = parameter.Value.Data.ToArray();
            hidden[parameter].CopyTo(parameter.Value.Data);
            hidden[parameter] = visible;
        }
    }
}
