using Hone.Core;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Training.Adapters;

/// <summary>PEFT's two files: adapter_config.json and adapter_model.safetensors.</summary>
internal static class AdapterFile
{
    public const string ConfigName = "adapter_config.json", WeightsName = "adapter_model.safetensors";
    private const string Prefix = "base_model.model.";

    public static void Write(string folder, LoraModel lora)
    {
        Directory.CreateDirectory(folder);
        SafetensorsWriter.Save(
            Path.Combine(folder, WeightsName), lora.Parameters.Select(p => p.Value.ToWeightSource(Prefix + p.Name)), SafetensorsWriter.PyTorchMetadata);
        AtomicFile.WriteText(
            Path.Combine(folder, ConfigName), lora.Config.ToJson(lora.Layers.Select(l => l.Layer.Name)).ToJsonString(Jsonl.Indented) + "\n");
    }

    public static void Read(string folder, LoraModel lora)
    {
        string path = Path.Combine(folder, WeightsName);
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. An adapter folder holds {ConfigName} and {WeightsName}.");
        using SafetensorsFile file = new(path);
        foreach (Parameter parameter in lora.Parameters)
        {
            string name = Find(file, parameter.Name) ?? throw new HoneException($"{path}: no tensor '{Prefix}{parameter.Name}'. The adapter belongs to another model, or was cut short.");
            file.ReadTensor(path, name, parameter.Value);
        }
    }

    /// <summary>With or without PEFT's prefix; biases of adapted layers are stored under their base layer.</summary>
    private static string? Find(SafetensorsFile file, string name)
    {
        int dot = name.LastIndexOf('.');
        string[] candidates = [Prefix + name, name, $"{Prefix}{name[..dot]}.base_layer{name[dot..]}", $"{Prefix}{name[..dot]}.modules_to_save{name[dot..]}"];
        return candidates.FirstOrDefault(file.Entries.ContainsKey);
    }
}
