using Hone.Core;
using Hone.Models.Formats;

namespace Hone.Models.Tokenizers;

public sealed partial class Tokenizer
{
    /// <summary>
    /// Opens whatever a user means by a tokenizer: a tokenizer.json, a model folder, a <c>.gguf</c> file, a llama2.c tokenizer
    /// <c>.bin</c>, or a pulled model by its name on the hub. Null when it is a model that has none.
    /// </summary>
    /// <exception cref="HoneException">Nothing there, or a malformed file.</exception>
    public static Tokenizer? TryLoad(string path)
    {
        string found = ModelFiles.Locate(path);
        if (Directory.Exists(found)) return TryLoadFolder(found);
        return Path.GetExtension(found).ToLowerInvariant() switch
        {
            ".json" => FromJsonFile(found),
            ".gguf" => TryLoadGguf(found),
            ".bin" => Llama2cFile.LooksLike(found) ? TryLoadFolder(Path.GetDirectoryName(Path.GetFullPath(found))!) : FromLlama2c(Llama2cTokenizer.Read(found)),
            ".safetensors" => TryLoadFolder(Path.GetDirectoryName(Path.GetFullPath(found))!),
            _ => throw new HoneException($"{path}: not a tokenizer by its name. Expected a tokenizer.json, a model folder, a .gguf file or a llama2.c tokenizer .bin."),
        };
    }

    /// <summary>Like <see cref="TryLoad"/>, but a model without a tokenizer is an error.</summary>
    /// <exception cref="HoneException">No tokenizer there, or a malformed one.</exception>
    public static Tokenizer Load(string path) => TryLoad(path)
        ?? throw new HoneException($"{path}: has no tokenizer. Looked for a tokenizer.json, GGUF metadata and a llama2.c tokenizer.");

    private static Tokenizer? TryLoadFolder(string folder)
    {
        if (File.Exists(Path.Combine(folder, "tokenizer.json"))) return FromDirectory(folder);
        string[] gguf = Directory.GetFiles(folder, "*.gguf");
        if (gguf.Length == 1) return TryLoadGguf(gguf[0]);
        string[] llama2c = [.. Directory.GetFiles(folder, "tok*.bin").Where(file => !Llama2cFile.LooksLike(file))];
        return llama2c.Length == 1 ? FromLlama2c(Llama2cTokenizer.Read(llama2c[0])) : null;
    }

    private static Tokenizer? TryLoadGguf(string path)
    {
        using GgufFile file = new(path);
        if (!file.Metadata.ContainsKey("tokenizer.ggml.model")) return null;
        try
        {
            return FromGguf(file.Metadata);
        }
        catch (HoneException error)
        {
            throw new HoneException($"{path}: {error.Message}");
        }
    }
}
