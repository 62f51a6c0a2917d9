using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;

namespace Hone.Methods.InverseQ;

/// <summary>A second set of a model's weights that stays as it is while the model learns.</summary>
public static class FrozenCopy
{
    /// <summary>A copy of the model as it is now, adapters written into the weights.</summary>
    /// <exception cref="HoneException">The model is quantised.</exception>
    public static LanguageModel Of(LanguageModel model, WorkerPool workers)
    {
        if (model.IsQuantized) throw new HoneException("a quantised model cannot be copied; load it with full weights.");
        LanguageModel copy = new(model.Config);
        Update(copy, model, workers);
        foreach (var parameter in copy.Parameters) parameter.Trainable = false;
        return copy;
    }

    /// <summary>Takes the model's present weights into the copy.</summary>
    public static void Update(LanguageModel copy, LanguageModel model, WorkerPool workers)
    {
        var targets = copy.Parameters.ToDictionary(p => p.Name);
        foreach (var parameter in model.Parameters) parameter.Value.Data.CopyTo(targets[parameter.Name].Value.Data);
        foreach (LinearLayer layer in model.LinearLayers)
            if (layer.Adapters.OfType<LoraLayer>().FirstOrDefault() is { IsEnabled: true } lora) lora.Merged(workers, targets[layer.Weight.Name].Value.Data);
    }

    /// <summary>Writes a copy's weights, exact.</summary>
    public static void Save(LanguageModel copy, string path) => SafetensorsWriter.Save(path, copy.Parameters.Select(p => p.Value.ToWeightSource(p.Name)));

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="HoneException">Missing or of another model.</exception>
    public static void Load(LanguageModel copy, string path)
    {
        using SafetensorsFile file = new(path);
        foreach (var parameter in copy.Parameters) file.ReadTensor(path, parameter.Name, parameter.Value);
    }
}
