using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>
/// Every draw of a run, one JSON line each, keyed by iteration, phase, round and question. A restarted run takes what is
/// there instead of drawing again.
/// </summary>
public sealed class SamplingLog : IDisposable
{
    private readonly JsonlLog? file;
    private readonly Dictionary<string, Draw> done = [];

    /// <param name="path">The file, or null to keep nothing on disk.</param>
    public SamplingLog(string? path)
    {
        if (path is null) return;
        file = new JsonlLog(path);
        foreach (Row row in Jsonl.Read(path)) done[row.Text("key")] = ToDraw(row.Fields);
    }

    /// <summary>Identifies a draw; also the name of its random stream.</summary>
    public static string Key(int iteration, string phase, int round, string itemId) => $"{iteration}/{phase}/{round}/{itemId}";

    /// <summary>The draw with that key, if an earlier run made it.</summary>
    public Draw? Find(string key) => done.GetValueOrDefault(key);

    /// <summary>Adds a draw.</summary>
    public void Add(string key, PoolItem item, Draw draw)
    {
        done[key] = draw;
        file?.Append(new JsonObject
        {
            ["key"] = key,
            ["item"] = item.Id,
            ["text"] = draw.Text,
            ["score"] = draw.Score.Value,
            ["reason"] = draw.Score.Reason,
            ["tokens"] = draw.Tokens,
        });
    }

    public void Dispose() => file?.Dispose();

    private static Draw ToDraw(JsonObject row) => new(
        (string)row["text"]!, new Score((double?)row["score"], (string?)row["reason"] ?? ""), (int)row["tokens"]!);
}
