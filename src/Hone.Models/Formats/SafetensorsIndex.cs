using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// A model in several safetensors files, named by <c>model.safetensors.index.json</c>: its <c>weight_map</c> gives the file
/// of each tensor. All files are mapped when it is opened. Reading is thread-safe until disposal.
/// </summary>
public sealed class SafetensorsIndex : MappedWeightFile
{
    private const int MaxShards = 10_000;

    /// <summary>Opens an index and the files it names, which must lie in its own folder.</summary>
    /// <exception cref="HoneException">A missing or damaged file, a path that leaves the folder, a tensor in another file than promised.</exception>
    public SafetensorsIndex(string path) : base(path)
    {
        Dictionary<string, string> fileOf = ReadMap(path);
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        Shards = [.. fileOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        if (Shards.Count > MaxShards) throw new HoneException($"{path}: names {Shards.Count} files, more than {MaxShards}.");
        try
        {
            foreach (string shard in Shards) Load(folder, shard, fileOf);
            foreach ((string name, string shard) in fileOf)
                if (!Entries.ContainsKey(name))
                    throw new HoneException($"{path}: tensor '{name}' is not in {shard}, where the index puts it.");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>File names without folder, sorted.</summary>
    public IReadOnlyList<string> Shards { get; }

    private void Load(string folder, string shard, Dictionary<string, string> fileOf)
    {
        string file = System.IO.Path.Combine(folder, shard);
        if (!File.Exists(file)) throw new HoneException($"{Path}: names {shard}, which is not in its folder. Fetch the missing file.");
        SafetensorsFile.Load(Map(file), (entry, mapped, offset) =>
        {
            // A shard may hold more than the index names (transformers ignores such tensors too).
            if (fileOf.TryGetValue(entry.Name, out string? named) && named == shard) Add(entry, mapped, offset);
        });
    }

    private static Dictionary<string, string> ReadMap(string path)
    {
        try
        {
            return ParseMap(path);
        }
        catch (InvalidOperationException error) // a string that is not Unicode
        {
            throw new HoneException($"{path}: a name that is not valid text: {error.Message}", error);
        }
    }

    private static Dictionary<string, string> ParseMap(string path)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        if ((JsonFile.Read(path, maxBytes: 256 << 20) as JsonObject)?["weight_map"] is not JsonObject weights)
            throw new HoneException($"{path}: expected an object with 'weight_map'.");
        foreach ((string name, JsonNode? file) in weights)
        {
            if (file is not JsonValue value || !value.TryGetValue(out string? text)) throw new HoneException($"{path}: '{name}': expected a file name.");
            map[name] = CheckName(text, path);
        }
        return map;
    }

    /// <summary>A shard is a plain name in the index's folder: anything else could read files the user never meant.</summary>
    private static string CheckName(string name, string path)
    {
        bool plain = name.Length is > 0 and < 256 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/\\:\0") < 0;
        if (!plain) throw new HoneException($"{path}: '{name}' is not a plain file name. Files of an index must lie in its own folder.");
        return name;
    }
}
