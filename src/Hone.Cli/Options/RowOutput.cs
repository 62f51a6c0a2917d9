using System.Text.Json.Nodes;

namespace Hone.Cli.Options;

/// <summary>Where commands that turn rows into rows put them: the file after <c>--out</c>, whole or not at all, else standard output.</summary>
internal static class RowOutput
{
    /// <summary>Writes rows as they come. With <c>--json</c> and no <c>--out</c> only the summary is printed, so rows are gone through without a trace.</summary>
    public static void Write(CommandRun run, IEnumerable<JsonNode> rows)
    {
        if (run.Out is { } path)
        {
            Jsonl.Write(path, rows);
            return;
        }
        foreach (JsonNode row in rows)
            if (!run.IsJson) run.Output.WriteLine(row.ToJsonString(Jsonl.Compact));
    }

    /// <summary>An object that begins with the row's own id where it has one.</summary>
    public static JsonObject Begin(Row row) => row.Fields.TryGetPropertyValue("id", out JsonNode? id) ? new() { ["id"] = id?.DeepClone() } : [];
}
