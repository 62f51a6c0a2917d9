using Hone.Core;
using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>Tokenizer, template and end tokens of a model on their way into a GGUF file.</summary>
internal static class GgufTokenizerMetadata
{
    private static readonly string[] EndKeys = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"];

    /// <summary>Adds the keys. A model that came from a GGUF file keeps the keys of that file.</summary>
    /// <returns>A sentence when other programs may cut some texts differently, else null.</returns>
    /// <exception cref="HoneException">A tokenizer with more tokens than the model.</exception>
    public static string? Write(GgufMetadata metadata, LoadedModel loaded)
    {
        if (CopyFrom(loaded.Path, metadata)) return null;
        string? note = loaded.Tokenizer?.WriteGguf(metadata, loaded.Model.Config.VocabularySize);
        // The tokenizer's own end first, as llama.cpp expects it; then what else ends a text.
        IEnumerable<int> ends = (loaded.Tokenizer?.EosId is { } eos ? [eos] : Array.Empty<int>()).Concat(loaded.Generation.EosIds).Distinct();
        foreach ((string key, int id) in EndKeys.Zip(ends)) metadata.Set(key, GgufValue.Of((uint)id));
        if (loaded.Tokenizer is not null) return note;
        if (loaded.Generation.BosId is { } bos) metadata.Set("tokenizer.ggml.bos_token_id", GgufValue.Of((uint)bos));
        return "the model has no tokenizer: llama.cpp will not load the file, Hone works with it by token ids.";
    }

    private static bool CopyFrom(string path, GgufMetadata metadata)
    {
        if (path.Length == 0 || !(File.Exists(path) || Directory.Exists(path)) || !ModelFiles.Resolve(path).EndsWith(".gguf", StringComparison.OrdinalIgnoreCase)) return false;
        using GgufFile source = new(ModelFiles.Resolve(path));
        (string Key, GgufValue Value)[] keys = [.. source.Metadata.Where(entry => entry.Key.StartsWith("tokenizer.", StringComparison.Ordinal)).Select(entry => (entry.Key, entry.Value))];
        foreach ((string key, GgufValue value) in keys)
        {
            _ = value.Value; // lists are read when they are asked for, and the file is closed by then
            metadata.Set(key, value);
        }
        return keys.Any(entry => entry.Key == "tokenizer.ggml.model");
    }
}
