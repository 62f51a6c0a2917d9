using System.Text.Json.Nodes;

namespace Hone.Core;

/// <summary>What a run folder was made from. A folder is continued only by the same run; a different one is refused.</summary>
public static class RunIdentity
{
    /// <summary>Writes the inputs into a new folder, or compares them with those of the run that made it.</summary>
    /// <exception cref="HoneException">The folder belongs to another run.</exception>
    public static void Check(string path, JsonObject inputs)
    {
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, inputs.ToJsonString(Jsonl.Indented) + "\n");
            return;
        }
        JsonNode stored = JsonNode.Parse(File.ReadAllText(path))!, wanted = JsonNode.Parse(inputs.ToJsonString())!;
        if (JsonNode.DeepEquals(stored, wanted)) return;
        string[] different = [.. Differences("", stored, wanted)];
        throw new HoneException($"{Path.GetDirectoryName(path)}: holds another run ({string.Join("; ", different.Take(3))}). Use another --out, or delete the folder to start over.");
    }

    private static IEnumerable<string> Differences(string at, JsonNode? a, JsonNode? b)
    {
        if (a is JsonObject x && b is JsonObject y)
            return x.Select(p => p.Key).Union(y.Select(p => p.Key)).SelectMany(key => Differences(at.Length == 0 ? key : $"{at}.{key}", x[key], y[key]));
        return JsonNode.DeepEquals(a, b) ? [] : [$"{at} was {a?.ToJsonString() ?? "null"}, now {b?.ToJsonString() ?? "null"}"];
    }
}
