using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;

namespace Hone.Models.Loading;

/// <summary>Writes a model as a Hugging Face folder that transformers and other tools read.</summary>
public static class ModelSaver
{
    /// <summary>Writes config.json, generation_config.json and the weights into a folder; each file whole or not at all.</summary>
    /// <param name="folder">Made if needed; other files in it stay.</param>
    /// <param name="model">The model; adapters are not written.</param>
    /// <param name="generation">Defaults to write, or null for the model's own.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <exception cref="HoneException">Another type, or a folder that cannot be written.</exception>
    public static void Save(string folder, LanguageModel model, GenerationDefaults? generation = null, WeightType type = WeightType.F32)
    {
        string dtype = type switch
        {
            WeightType.F32 => "float32",
            WeightType.F16 => "float16",
            WeightType.BF16 => "bfloat16",
            _ => throw new HoneException($"a model folder cannot be written in {type}. Expected F32, F16 or BF16."),
        };
        RequireFullWeights(model);
        Directory.CreateDirectory(folder);
        SafetensorsWriter.SaveSharded(folder, model.Parameters.Select(p => Source(model, p, type)));
        Write(folder, "generation_config.json", GenerationJson(model.Config, generation ?? GenerationDefaults.Of(model.Config)));
        Write(folder, "config.json", ConfigJson(model.Config, dtype));
    }

    /// <summary>Like the other overload, with the tokenizer and its chat template (tokenizer.json, tokenizer_config.json).</summary>
    public static void Save(string folder, LoadedModel loaded, WeightType type = WeightType.F32)
    {
        Directory.CreateDirectory(folder);
        loaded.Tokenizer?.SaveToDirectory(folder);
        Save(folder, loaded.Model, loaded.Generation, type);
    }

    internal static void RequireFullWeights(LanguageModel model)
    {
        if (model.IsQuantized) throw new HoneException("the model is kept in few bits and cannot be saved from there. Load it with full weights, or convert its file.");
    }

    private static WeightSource Source(LanguageModel model, Parameter parameter, WeightType type)
    {
        Shape shape = parameter.Value.Shape;
        if (!LanguageModel.IsStoredTransposed(model.Config, parameter))
        {
            long[] sizes = [.. Enumerable.Range(0, shape.Rank).Select(i => (long)shape[i])];
            return WeightSource.FromRows(parameter.Name, type, sizes, (first, rows, target) =>
                parameter.Value.Data.Slice((int)(first * (target.Length / Math.Max(1, rows))), target.Length).CopyTo(target));
        }
        float[] stored = new float[shape.Count];
        Transpose.Copy(parameter.Value.Data, shape[0], shape[1], stored);
        return WeightSource.FromFloats(parameter.Name, type, [shape[1], shape[0]], stored);
    }

    private static JsonObject ConfigJson(ModelConfig config, string dtype)
    {
        JsonObject json = (JsonObject)config.Json.DeepClone();
        json["architectures"] = new JsonArray(ArchitectureNames.For(config.Architecture));
        json["tie_word_embeddings"] = config.TiedHead;
        // The spelling of the library's version that wrote the settings; versions 4 and 5 read either.
        json[json.ContainsKey("dtype") ? "dtype" : "torch_dtype"] = dtype;
        return json;
    }

    private static JsonObject GenerationJson(ModelConfig config, GenerationDefaults generation)
    {
        if (generation.Json is { } original) return original;
        JsonObject json = [];
        if (generation.BosId is { } bos) json["bos_token_id"] = bos;
        if (generation.EosIds is [int only]) json["eos_token_id"] = only;
        else if (generation.EosIds.Count > 1) json["eos_token_id"] = new JsonArray([.. generation.EosIds.Select(id => (JsonNode)id)]);
        if ((generation.PadId ?? config.PadId) is { } pad) json["pad_token_id"] = pad;
        return json;
    }

    private static void Write(string folder, string name, JsonObject json) =>
        AtomicFile.WriteText(Path.Combine(folder, name), json.ToJsonString(Jsonl.Indented) + "\n");
}
