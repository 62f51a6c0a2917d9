using Hone.Core;
using Hone.Models.Formats.Hub;

namespace Hone.Models.Formats;

/// <summary>Finds and opens the weights of a model, whatever their format.</summary>
public static class ModelFiles
{
    public const string SafetensorsName = "model.safetensors";
    public const string IndexName = "model.safetensors.index.json";

    /// <summary>
    /// Opens a model folder (safetensors in one file or several, or a lone GGUF file inside), a <c>.safetensors</c> file, an
    /// index of several, a <c>.gguf</c> file, a llama2.c <c>.bin</c> file, or a pulled model by its name on the hub.
    /// </summary>
    /// <exception cref="HoneException">Nothing there that can be read, or a damaged file.</exception>
    public static IWeightFile Open(string path)
    {
        string file = Resolve(path);
        return Kind(file) switch
        {
            ".safetensors" => new SafetensorsFile(file),
            ".json" => new SafetensorsIndex(file),
            ".gguf" => new GgufFile(file),
            ".bin" => new Llama2cFile(file),
            _ => throw new HoneException($"{path}: not a weight file by its name. Expected .safetensors, {IndexName}, .gguf or a llama2.c .bin."),
        };
    }

    /// <summary>
    /// The file or folder a user means by a model: a path, or <c>org/name[@revision]</c> of a model that was pulled before.
    /// </summary>
    /// <param name="model">Path or name.</param>
    /// <param name="cache">Where to look for pulled models; the environment's cache when null.</param>
    /// <exception cref="HoneException">Neither a path nor a model in the cache.</exception>
    public static string Locate(string model, HubCache? cache = null)
    {
        if (File.Exists(model) || Directory.Exists(model)) return model;
        cache ??= HubCache.FromEnvironment();
        if (cache.Find(model) is { } snapshot) return snapshot;
        const string expected = "Expected a model folder, or a .safetensors, .gguf or .bin file.";
        throw new HoneException(HubModelId.TryParse(model) is { } id && model.Contains('/')
            ? $"{model}: no such file or folder, and not in the cache {cache.Folder}. {expected} To fetch it from the hub, run: hone pull {id}"
            : $"{model}: no such file or folder. {expected}");
    }

    /// <summary>The file that <see cref="Open"/> would open for a path or a pulled model.</summary>
    /// <exception cref="HoneException">Nothing there that can be read.</exception>
    public static string Resolve(string path)
    {
        path = Locate(path);
        if (File.Exists(path)) return path;
        foreach (string name in new[] { IndexName, SafetensorsName, "adapter_model.safetensors" })
            if (File.Exists(Path.Combine(path, name))) return Path.Combine(path, name);
        return Lone(path, ".safetensors") ?? Lone(path, ".gguf") ?? Lone(path, ".bin") ?? throw NothingFound(path);
    }

    /// <summary>A folder's only file of a kind; null when it has none.</summary>
    private static string? Lone(string folder, string extension)
    {
        string[] found = [.. Directory.EnumerateFiles(folder).Where(file => Kind(file) == extension).Order(StringComparer.Ordinal)];
        if (extension == ".bin") found = [.. found.Where(Llama2cFile.LooksLike)];
        if (found.Length > 1)
            throw new HoneException(
                $"{folder}: {found.Length} {extension} files: {string.Join(", ", found.Take(8).Select(Path.GetFileName))}. Name the one to open.");
        return found.FirstOrDefault();
    }

    private static HoneException NothingFound(string folder)
    {
        string[] names = [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        string there = names.Length == 0 ? "It is empty." : $"It holds {string.Join(", ", names.Take(8))}{(names.Length > 8 ? " ..." : "")}.";
        string advice = names.Any(n => n.EndsWith(".bin", StringComparison.Ordinal) && n.Contains("pytorch_model"))
            ? " PyTorch's pickled .bin files are not read, since they can run code: convert them to safetensors." : "";
        return new($"{folder}: no weights found. Looked for {IndexName}, {SafetensorsName}, adapter_model.safetensors, "
            + $"one *.safetensors, one *.gguf and one llama2.c *.bin. {there}{advice}");
    }

    private static string Kind(string path) => path.EndsWith(".index.json", StringComparison.OrdinalIgnoreCase) ? ".json"
        : Path.GetExtension(path).ToLowerInvariant() is var extension && extension == ".json" ? "" : extension;
}
