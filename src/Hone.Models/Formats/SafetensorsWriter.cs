using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// Writes safetensors files. Tensors are laid out as the reference library does, wider types first and then by name, so that
/// every tensor is aligned to its element size and equal contents give equal bytes.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>What the transformers library looks for in a model it is to load into PyTorch.</summary>
    public static IReadOnlyDictionary<string, string> PyTorchMetadata { get; } = new Dictionary<string, string> { ["format"] = "pt" };

    /// <summary>Writes one file, whole or not at all.</summary>
    /// <param name="path">The file; an older one is replaced at the end.</param>
    /// <param name="tensors">Read one after the other while the file is written.</param>
    /// <param name="metadata">Text for <c>__metadata__</c>, or null.</param>
    /// <exception cref="HoneException">A type safetensors does not have, or a name that is there twice.</exception>
    public static void Save(string path, IEnumerable<WeightSource> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        WeightSource[] ordered = Order(tensors);
        byte[] header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (WeightSource tensor in ordered) WriteChecked(stream, tensor);
        });
    }

    /// <summary>
    /// Writes <c>model.safetensors</c>, or, where that would exceed <paramref name="maxShardBytes"/>,
    /// <c>model-00001-of-0000N.safetensors</c> and so on with <c>model.safetensors.index.json</c>. The index is written last, and
    /// files of the other form are removed, so that the folder never holds two models.
    /// </summary>
    /// <param name="folder">Model folder.</param>
    /// <param name="tensors">In the order in which they are to fill the files.</param>
    /// <param name="maxShardBytes">Size of the tensor data per file; a larger tensor gets a file of its own.</param>
    /// <param name="metadata">Text for <c>__metadata__</c> of every file; PyTorch's mark when null.</param>
    /// <returns>Names of the files written, the index included.</returns>
    /// <exception cref="HoneException">A type safetensors does not have, or a name that is there twice.</exception>
    public static IReadOnlyList<string> SaveSharded(
        string folder, IEnumerable<WeightSource> tensors, long maxShardBytes = 5_000_000_000, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxShardBytes);
        WeightSource[] all = [.. tensors];
        CheckNames(all);
        List<List<WeightSource>> shards = Split(all, maxShardBytes);
        List<string> written = [];
        for (int i = 0; i < shards.Count; i++)
        {
            string name = shards.Count == 1 ? ModelFiles.SafetensorsName : $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";
            Save(Path.Combine(folder, name), shards[i], metadata ?? PyTorchMetadata);
            written.Add(name);
        }
        if (shards.Count > 1)
        {
            AtomicFile.WriteText(Path.Combine(folder, ModelFiles.IndexName), Index(all, shards, written));
            written.Add(ModelFiles.IndexName);
        }
        RemoveOthers(folder, written);
        return written;
    }

    private static WeightSource[] Order(IEnumerable<WeightSource> tensors)
    {
        WeightSource[] all = [.. tensors];
        CheckNames(all);
        return [.. all.OrderByDescending(t => SafetensorsTypes.Rank(t.Entry.Type)).ThenBy(t => t.Entry.Name, StringComparer.Ordinal)];
    }

    private static void CheckNames(WeightSource[] tensors)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (WeightSource tensor in tensors)
        {
            if (tensor.Entry.Name == "__metadata__" || !names.Add(tensor.Entry.Name))
                throw new HoneException($"tensor name '{tensor.Entry.Name}' is there twice or reserved.");
            if (SafetensorsTypes.NameOf(tensor.Entry.Type) is null)
                throw new HoneException(
                    $"tensor '{tensor.Entry.Name}': safetensors has no type {tensor.Entry.Type}. Write it as F16 or F32, or write a GGUF file.");
        }
    }

    private static byte[] Header(WeightSource[] tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 }) WriteMetadata(json, metadata);
            long offset = 0;
            foreach (WeightSource tensor in tensors) offset = WriteEntry(json, tensor.Entry, offset);
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' '); // data start aligned
        if (buffer.Length > SafetensorsHeader.MaxBytes)
            throw new HoneException($"a header of {buffer.Length} bytes is more than safetensors allows.");
        return buffer.ToArray();
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject("__metadata__");
        foreach ((string key, string value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static long WriteEntry(Utf8JsonWriter json, WeightEntry entry, long offset)
    {
        json.WriteStartObject(entry.Name);
        json.WriteString("dtype", SafetensorsTypes.NameOf(entry.Type));
        json.WriteStartArray("shape");
        foreach (long size in entry.Shape) json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + entry.Bytes);
        json.WriteEndArray();
        json.WriteEndObject();
        return offset + entry.Bytes;
    }

    private static void WriteChecked(Stream stream, WeightSource tensor)
    {
        long before = stream.Position;
        tensor.WriteTo(stream);
        if (stream.Position - before != tensor.Entry.Bytes)
            throw new InvalidOperationException($"'{tensor.Entry.Name}' wrote {stream.Position - before} bytes, promised {tensor.Entry.Bytes}");
    }

    private static List<List<WeightSource>> Split(WeightSource[] tensors, long maxBytes)
    {
        List<List<WeightSource>> shards = [[]];
        long size = 0;
        foreach (WeightSource tensor in tensors)
        {
            if (size > 0 && size + tensor.Entry.Bytes > maxBytes)
            {
                shards.Add([]);
                size = 0;
            }
            shards[^1].Add(tensor);
            size += tensor.Entry.Bytes;
        }
        return shards;
    }

    private static string Index(WeightSource[] all, List<List<WeightSource>> shards, List<string> names)
    {
        JsonObject map = [];
        var places = shards.SelectMany((shard, i) => shard.Select(tensor => (tensor.Entry.Name, File: names[i])));
        foreach ((string name, string file) in places.OrderBy(p => p.Name, StringComparer.Ordinal)) map[name] = file;
        JsonObject index = new()
        {
            ["metadata"] = new JsonObject { ["total_size"] = all.Sum(t => t.Entry.Bytes) },
            ["weight_map"] = map,
        };
        return index.ToJsonString(Jsonl.Indented) + "\n";
    }

    private static void RemoveOthers(string folder, List<string> written)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "model*.safetensors*"))
        {
            string name = Path.GetFileName(path);
            bool ours = name is ModelFiles.SafetensorsName or ModelFiles.IndexName
                || (name.StartsWith("model-", StringComparison.Ordinal) && name.Contains("-of-"));
            if (ours && !written.Contains(name)) File.Delete(path);
        }
    }
}
