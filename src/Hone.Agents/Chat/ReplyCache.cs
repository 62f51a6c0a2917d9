using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>
/// Replies in a folder, one file each, under the hash of their request; the request stands beside the reply. Several processes may
/// share a folder. Thread-safe.
/// </summary>
internal sealed class ReplyCache(string folder)
{
    private static readonly Lock Writing = new();

    /// <summary>The stored reply to a request, or null.</summary>
    /// <exception cref="HoneException">A damaged file.</exception>
    public ChatResponse? Find(JsonObject request)
    {
        string path = PathOf(request);
        if (!File.Exists(path)) return null;
        JsonObject? entry;
        try
        {
            entry = JsonNode.Parse(File.ReadAllText(path)) as JsonObject;
        }
        catch (JsonException error)
        {
            throw new HoneException($"{path}: not valid JSON ({error.Message}). Delete it; the request is then made again.", error);
        }
        if (entry is null || !JsonNode.DeepEquals(entry["request"], request)) return null;
        return RequestRecord.ToResponse(entry["response"], path);
    }

    public void Store(JsonObject request, ChatResponse response)
    {
        JsonObject entry = new() { ["request"] = request.DeepClone(), ["response"] = RequestRecord.ToJson(response) };
        lock (Writing) AtomicFile.WriteText(PathOf(request), entry.ToJsonString(Jsonl.Indented) + "\n");
    }

    private string PathOf(JsonObject request)
    {
        string key = RequestRecord.Key(request);
        return Path.Combine(folder, key[..2], key[2..] + ".json");
    }
}
