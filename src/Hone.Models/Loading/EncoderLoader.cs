using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Encoder;
using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>Loads encoders from Hugging Face folders.</summary>
public static class EncoderLoader
{
    /// <summary>Whether a folder's config.json is that of an encoder.</summary>
    public static bool IsEncoder(string folder)
    {
        string path = Path.Combine(ModelLoader.FolderOf(ModelFiles.Locate(folder)), "config.json");
        return File.Exists(path) && JsonFile.ReadObject(path)["model_type"] is { } type && EncoderConfig.Names.Contains(type.ToString());
    }

    /// <summary>Loads config.json and the weights beside it.</summary>
    /// <param name="folder">Folder, or name of a pulled model.</param>
    /// <param name="options">Number formats; null for fp32.</param>
    /// <exception cref="HoneException">Nothing there, another architecture, damaged or unfitting files.</exception>
    public static EncoderModel Load(string folder, LoadOptions? options = null)
    {
        folder = ModelFiles.Locate(folder);
        EncoderConfig config = LoadConfig(folder);
        using IWeightFile file = ModelFiles.Open(folder);
        WeightReading.CheckCount(file, config.MatrixWeights, folder);
        bool hasPooler = file.Entries.Keys.Any(name => name.EndsWith("pooler.dense.weight", StringComparison.Ordinal));
        EncoderModel model = new(config, hasPooler, options?.RoundToInt8 == true ? Int8Reading.From(WeightReading.PlainReader(file, folder), options.PreciseInputs) : null);
        WeightReading.Fill(model.Parameters, file, folder);
        return model;
    }

    /// <summary>The settings alone, without loading weights.</summary>
    /// <exception cref="HoneException">As for <see cref="Load"/>.</exception>
    public static EncoderConfig LoadConfig(string folder)
    {
        string path = Path.Combine(ModelLoader.FolderOf(ModelFiles.Locate(folder)), "config.json");
        return EncoderConfig.FromJson(JsonFile.ReadObject(path), path);
    }
}
