using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Tokenizers;

namespace Hone.Models.Loading;

/// <summary>Loads decoders into fp32 from whatever form they come in.</summary>
public static class ModelLoader
{
    private const long MaxConfigBytes = 16 << 20;

    /// <summary>
    /// Loads a Hugging Face folder (config.json and safetensors), a GGUF file, a llama2.c file, or a pulled model by its name, with
    /// the tokenizer found there. Quantised weights are decoded exactly; rotary row orders are made those of Hugging Face.
    /// </summary>
    /// <exception cref="HoneException">Nothing there, an unknown architecture, damaged or unfitting files.</exception>
    /// <param name="path">Folder, file or name.</param>
    /// <param name="options">Number formats; null for fp32.</param>
    public static LoadedModel Load(string path, LoadOptions? options = null)
    {
        AtomicFile.RecoverFolder(path);
        path = ModelFiles.Locate(path);
        using IWeightFile file = ModelFiles.Open(path);
        ModelConfig config = ReadConfig(path, file);
        WeightReading.CheckCount(file, config.MatrixWeights, path);
        FrozenWeights? frozen = options?.KeepQuantized == true && file is GgufFile gguf ? QuantizedReading.From(gguf, config, options.PreciseInputs) : null;
        if (options?.RoundToInt8 == true) frozen = Int8Reading.From(WeightReading.Reader(config, file, path), options.PreciseInputs, frozen);
        LanguageModel model = new(config, frozen);
        WeightReading.Fill(model, file, path);
        return new(model, ReadGeneration(path, file, config), Tokenizer.TryLoad(path)) { Path = path };
    }

    /// <summary>The settings alone, without loading weights.</summary>
    /// <exception cref="HoneException">As for <see cref="Load"/>.</exception>
    public static ModelConfig LoadConfig(string path)
    {
        path = ModelFiles.Locate(path);
        using IWeightFile file = ModelFiles.Open(path);
        return ReadConfig(path, file);
    }

    private static ModelConfig ReadConfig(string path, IWeightFile file) => file switch
    {
        GgufFile gguf => GgufConfig.Read(gguf),
        Llama2cFile llama => Llama2cSettings(llama),
        _ => ReadConfigJson(path),
    };

    private static ModelConfig ReadConfigJson(string path)
    {
        string config = System.IO.Path.Combine(FolderOf(path), "config.json");
        if (!File.Exists(config)) throw new HoneException($"{config}: no such file. A model in safetensors files needs its config.json beside them.");
        return ModelConfig.FromJson(JsonFile.ReadObject(config, MaxConfigBytes), config);
    }

    private static ModelConfig Llama2cSettings(Llama2cFile file)
    {
        Llama2cConfig c = file.Config;
        return ModelConfig.FromJson(new JsonObject
        {
            ["architectures"] = new JsonArray(ArchitectureNames.For("llama")),
            ["model_type"] = "llama",
            ["vocab_size"] = c.VocabSize,
            ["hidden_size"] = c.Dim,
            ["intermediate_size"] = c.HiddenDim,
            ["num_hidden_layers"] = c.Layers,
            ["num_attention_heads"] = c.Heads,
            ["num_key_value_heads"] = c.KvHeads,
            ["max_position_embeddings"] = c.SequenceLength,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10_000,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = c.SharedClassifier,
            ["bos_token_id"] = 1,
            ["eos_token_id"] = 2,
        }, file.Path);
    }

    private static GenerationDefaults ReadGeneration(string path, IWeightFile file, ModelConfig config)
    {
        if (file is GgufFile gguf) return GgufEnds(gguf, config);
        string source = System.IO.Path.Combine(FolderOf(path), "generation_config.json");
        return File.Exists(source) ? GenerationDefaults.Read(JsonFile.ReadObject(source, MaxConfigBytes), source, config) : GenerationDefaults.Of(config);
    }

    /// <summary>A GGUF file may name an end of turn besides the end of text.</summary>
    private static GenerationDefaults GgufEnds(GgufFile file, ModelConfig config)
    {
        List<int> ends = [.. config.EosIds];
        foreach (string key in new[] { "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id" })
            if (file.Metadata.Integer(key) is { } id && id >= 0 && id < config.VocabularySize && !ends.Contains((int)id)) ends.Add((int)id);
        return GenerationDefaults.Of(config) with { EosIds = ends };
    }

    internal static string FolderOf(string path) => Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;

}
