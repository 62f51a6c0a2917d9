using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Training.Adapters;

/// <summary>PEFT's two files: adapter_config.json and adapter_model.safetensors.</summary>
internal static class AdapterFile
{
    public const string ConfigName = "adapter_config.json", WeightsName = "adapter_model.safetensors", Prefix = "base_model.model.";

    public static void Write(string folder, JsonObject config, IEnumerable<WeightSource> tensors)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Save(Path.Combine(folder, WeightsName), tensors, SafetensorsWriter.PyTorchMetadata);
        AtomicFile.WriteText(Path.Combine(folder, ConfigName), config.ToJsonString(Jsonl.Indented) + "\n");
    }

    public static void Write(string folder, LoraModel lora) => Write(
        folder, lora.Config.ToJson(lora.Layers.Select(l => l.Layer.Name)), lora.Parameters.Select(p => p.Value.ToWeightSource(Prefix + StoredName(lora, p))));

    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. An adapter folder holds {ConfigName} and {WeightsName}.");
        return new SafetensorsFile(path);
    }

    public static void Read(string folder, LoraModel lora)
    {
        string path = Path.Combine(folder, WeightsName);
        using SafetensorsFile file = Open(path);
        foreach (Parameter parameter in lora.Parameters)
        {
            string name = Find(file, parameter.Name) ?? throw new HoneException($"{path}: no tensor '{Prefix}{parameter.Name}'. The adapter belongs to another model, or was cut short.");
            file.ReadTensor(path, name, parameter.Value);
        }
        // PEFT adds the base matrix of an adapted head or embedding: no weight of the adapter, but a check of the base.
        // Against a base in few bits there is nothing to compare it with.
        foreach (LoraLayer layer in lora.Layers.Where(l => l.Layer.Quantized is null)) CheckBase(file, path, layer.Layer.Name, layer.Layer.Weight);
        if (lora.Embedding is { } embedding) CheckBase(file, path, ModuleNames.Of(embedding.Table.Name), embedding.Table);
    }

    private static void CheckBase(SafetensorsFile file, string path, string module, Parameter weight)
    {
        string name = $"{Prefix}{module}.base_layer.weight";
        if (!file.Entries.ContainsKey(name)) return;
        Tensor stored = Tensor.Create(weight.Value.Shape);
        file.ReadTensor(path, name, stored);
        for (int i = 0; i < stored.Count; i++)
            if (!(Math.Abs(stored.Data[i] - weight.Value.Data[i]) <= 0.02f * (1 + Math.Abs(stored.Data[i])))) // bf16 or a quantised base may differ slightly
                throw new HoneException($"{path}: '{name}' differs from the model's {module}.weight; the adapter was trained on another base.");
    }

    /// <summary>Biases of adapted layers are stored under their base layer.</summary>
    private static string StoredName(LoraModel lora, Parameter parameter) =>
        lora.Layers.FirstOrDefault(l => l.Layer.Bias == parameter) is { } layer ? $"{layer.Layer.Name}.base_layer.bias" : parameter.Name;

    /// <summary>With or without PEFT's prefix.</summary>
    private static string? Find(SafetensorsFile file, string name)
    {
        int dot = name.LastIndexOf('.');
        string[] candidates = [Prefix + name, name, $"{Prefix}{name[..dot]}.base_layer{name[dot..]}", $"{Prefix}{name[..dot]}.modules_to_save{name[dot..]}"];
        return candidates.FirstOrDefault(file.Entries.ContainsKey);
    }
}
