using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Training.Adapters;

/// <summary>A small set of weights attached to a frozen model.</summary>
public interface IModelAdapter
{
    /// <summary>The model it sits on.</summary>
    LanguageModel Model { get; }

    /// <summary>What is trained.</summary>
    IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Switches the adapter on or off; off, the model is the base model (but see <see cref="LoraConfig.Bias"/>).</summary>
    void Enable(bool on);

    /// <summary>Writes the adapter into the weights and keeps a copy of what they were.</summary>
    /// <exception cref="HoneException">Merging would change what the model computes.</exception>
    void Merge();

    /// <summary>Undoes <see cref="Merge"/>: the weights come back bit for bit.</summary>
    void Unmerge();

    /// <summary>Writes adapter_config.json and adapter_model.safetensors as PEFT does.</summary>
    void Save(string folder);
}

/// <summary>Opens adapters of any supported kind.</summary>
public static class ModelAdapter
{
    /// <summary>Attaches the adapter saved in a folder, by Hone or by PEFT: LoRA (DoRA, rsLoRA, PiSSA) or IA3.</summary>
    /// <exception cref="HoneException">Files missing, not fitting the model, or another kind of adapter.</exception>
    public static IModelAdapter Load(LanguageModel model, string folder, WorkerPool? workers = null)
    {
        JsonObject json = ReadConfig(Path.Combine(folder, AdapterFile.ConfigName));
        return (string?)json["peft_type"] == "IA3" ? Ia3Model.Load(model, folder) : LoraModel.Load(model, folder, workers);
    }

    /// <summary>
    /// Likewise for an adapter that shares its base with others: everything it does must be on its layers, for weights that it stored whole
    /// would change the base under the others.
    /// </summary>
    /// <exception cref="HoneException">It trained biases or whole modules; and as for <see cref="Load"/>.</exception>
    public static IModelAdapter LoadBesideOthers(LanguageModel model, string folder, WorkerPool? workers = null)
    {
        JsonObject json = ReadConfig(Path.Combine(folder, AdapterFile.ConfigName));
        if (json["modules_to_save"] is JsonArray { Count: > 0 } || json["bias"] is JsonValue bias && bias.ToString() != "none")
            throw new HoneException($"{folder}: the adapter brings whole weights (modules_to_save or bias), which would change the base for the others too. Merge it and serve the result.");
        return Load(model, folder, workers);
    }

    /// <summary>The JSON of an adapter_config.json.</summary>
    /// <exception cref="HoneException">Missing or not an object.</exception>
    internal static JsonObject ReadConfig(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. An adapter folder holds {AdapterFile.ConfigName} and {AdapterFile.WeightsName}.");
        return JsonFile.ReadObject(path);
    }
}
