using System.Text.Json;
using Hone.Core;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers;

public sealed partial class Tokenizer
{
    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="HoneException">Missing or malformed; the message names the place in the JSON.</exception>
    public static Tokenizer FromJsonFile(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Give the path of a tokenizer.json.");
        return FromJson(File.ReadAllBytes(path), path);
    }

    /// <summary>Reads the UTF-8 text of a tokenizer.json.</summary>
    /// <param name="name">Stands in error messages.</param>
    public static Tokenizer FromJson(ReadOnlyMemory<byte> json, string name = "tokenizer.json") => new(TokenizerJson.Read(JsonSpec.Parse(json, name), name));

    /// <summary>
    /// Reads a model folder: tokenizer.json, with what tokenizer_config.json, special_tokens_map.json and
    /// chat_template.jinja say beside it, as far as they exist.
    /// </summary>
    /// <exception cref="HoneException">No tokenizer.json, or a malformed file.</exception>
    public static Tokenizer FromDirectory(string directory)
    {
        string path = Path.Combine(directory, "tokenizer.json");
        if (!File.Exists(path)) throw new HoneException($"{directory}: no tokenizer.json in this folder.");
        TokenizerParts parts = TokenizerJson.Read(JsonSpec.Parse(File.ReadAllBytes(path), path), path);
        return new(TokenizerConfig.Apply(parts, directory));
    }

    /// <summary>The same tokenizer with another chat template.</summary>
    public Tokenizer WithChatTemplate(string template) => new(parts with { Names = parts.Names with { ChatTemplate = template } });

    /// <summary>Writes a tokenizer.json that loads here and in the reference library.</summary>
    public void Save(string tokenizerJsonPath) => AtomicFile.Write(tokenizerJsonPath, stream =>
    {
        using Utf8JsonWriter writer = new(stream, TokenizerJson.WriterOptions);
        TokenizerJson.Write(writer, parts, addedById.Values);
    });

    /// <summary>Writes tokenizer.json and tokenizer_config.json (special tokens by role, chat template) into a folder.</summary>
    public void SaveToDirectory(string directory)
    {
        Save(Path.Combine(directory, "tokenizer.json"));
        AtomicFile.Write(Path.Combine(directory, "tokenizer_config.json"), stream =>
        {
            using Utf8JsonWriter writer = new(stream, TokenizerJson.WriterOptions);
            TokenizerConfig.Write(writer, parts.Names);
        });
    }
}
