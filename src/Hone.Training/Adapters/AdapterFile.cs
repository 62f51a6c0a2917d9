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
            Path.Combine(folder, WeightsName), lora.Parameters.Select(p => Source(Prefix + p.Name, p.Value)), SafetensorsWriter.PyTorchMetadata);
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
            WeightEntry entry = file.Entries[name];
            if (entry.Count != parameter.Value.Count)
                throw new HoneException($"{path}: '{name}' has shape [{string.Join(", ", entry.Shape)}], {parameter.Value.Shape} expected from this model.");
            file.ReadRows(name, 0, entry.Count / Math.Max(1, parameter.Value.Shape.Last), parameter.Value.Data);
        }
    }

    /// <summary>With or without PEFT's prefix; biases of adapted layers are stored under their base layer.</summary>
    private static string? Find(SafetensorsFile file, string name)
    {
        int dot = name.LastIndexOf('.');
        string[] candidates = [Prefix + name, name, $"{Prefix}{name[..dot]}.base_layer{name[dot..]}", $"{Prefix}{name[..dot]}.modules_to_save{name[dot..]}"];
        return candidates.FirstOrDefault(file.Entries.ContainsKey);
    }

    private static WeightSource Source(string name, Tensor tensor)
    {
        int columns = Math.Max(1, tensor.Shape.Last);
        long[] shape = [.. Enumerable.Range(0, tensor.Shape.Rank).Select(i => (long)tensor.Shape[i])];
        return WeightSource.FromRows(name, WeightType.F32, shape, (first, rows, target) =>
            tensor.Data.Slice((int)first * columns, target.Length).CopyTo(target));
    }
}
