using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Data.Preferences;

namespace Hone.Methods.TlTraining;

/// <summary>What rows a filtered file holds.</summary>
public enum ToolRowForm
{
    /// <summary>prompt and completion as conversations, for any supervised trainer.</summary>
    Samples,

    /// <summary>question, answer and tools: calls only, for the checker <c>tool-call</c>.</summary>
    Tasks,
}

/// <summary>Settings of <c>hone data tool-mae</c>.</summary>
[Recipe("tool-mae")]
public sealed record ToolMaeOptions
{
    [Description("file with words that report an error, one on each line; the default ones when left out")]
    public string Cues { get; init; } = "";

    [Description("go by is_error of tools' messages where it is there, rather than by their words")]
    public bool ExecutorStatus { get; init; } = true;

    [Description("what is written: samples (prompt and completion as conversations) or tasks (question, answer, tools; calls only)")]
    public ToolRowForm Form { get; init; }
}

/// <summary>Conversations with tools as data: without the calls that failed, and divided by tools.</summary>
public static class ToolData
{
    /// <summary>Writes one row for each assistant's turn that is to be learnt, with everything before it as its context, failed calls included.</summary>
    /// <returns>Path, counts, reasons.</returns>
    /// <exception cref="HoneException">Rows of another kind, or no turn is left.</exception>
    public static JsonObject WithoutFailedCalls(Dataset data, ToolMaeOptions options, string path)
    {
        Require(data);
        ErrorTurnFilter filter = new(options.Cues.Length > 0 ? ErrorTurnFilter.ReadCues(options.Cues) : null, options.ExecutorStatus);
        List<JsonObject> rows = [];
        int turns = 0;
        foreach (Row row in data.Rows)
        {
            Trajectory trajectory = Trajectory.Read(row);
            List<int> accepted = filter.Accepted(trajectory);
            turns += trajectory.Turns.Count(t => t.Speaker == Speaker.Assistant);
            rows.AddRange(options.Form == ToolRowForm.Tasks ? Tasks(trajectory, accepted) : Samples(ForeignPairs.WithKnownRoles(row), trajectory, accepted));
        }
        if (rows.Count == 0) throw new HoneException($"{data.Path}: no turn is left of {turns}: {string.Join(", ", filter.Blocked.Select(b => $"{b.Value} {b.Key}"))}.");
        Jsonl.Write(path, rows);
        return new JsonObject
        {
            ["out"] = path,
            ["conversations"] = data.Rows.Count,
            ["turns"] = turns,
            ["rows"] = rows.Count,
            ["blocked"] = new JsonObject(filter.Blocked.Select(b => KeyValuePair.Create(b.Key, (JsonNode?)b.Value))),
            ["rows_left_out"] = data.Skipped,
            ["data_sha256"] = data.Sha256,
        };
    }

    /// <summary>
    /// Divides conversations so that no tool of the one part occurs in the other: what a model does with tools it has never seen is measured
    /// on the second.
    /// </summary>
    /// <param name="data">Conversations with tools.</param>
    /// <param name="share">Share of the conversations with unseen tools, above 0 and below 1.</param>
    /// <param name="seed">Which tools those are.</param>
    /// <param name="folder">Gets seen.jsonl and unseen.jsonl.</param>
    /// <exception cref="HoneException">Rows of another kind, or all conversations are tied together by their tools.</exception>
    public static JsonObject ByTools(Dataset data, double share, long seed, string folder)
    {
        Require(data);
        string[][] tools = [.. data.Rows.Select(row => ToolDivision.NamesIn(Trajectory.Read(row)))];
        bool[] unseen = ToolDivision.Unseen(tools, share, seed)
            ?? throw new HoneException($"{data.Path}: all conversations are tied together by the tools they share, so they cannot be divided by tools.");
        Row[] first = [.. data.Rows.Where((_, i) => !unseen[i])], second = [.. data.Rows.Where((_, i) => unseen[i])];
        Jsonl.Write(Path.Combine(folder, "seen.jsonl"), first.Select(r => r.Fields));
        Jsonl.Write(Path.Combine(folder, "unseen.jsonl"), second.Select(r => r.Fields));
        return new JsonObject
        {
            ["out"] = folder,
            ["seen"] = first.Length,
            ["unseen"] = second.Length,
            ["tools_seen"] = Count(false),
            ["tools_unseen"] = Count(true),
            ["rows_left_out"] = data.Skipped,
            ["data_sha256"] = data.Sha256,
        };

        int Count(bool isUnseen) => tools.Where((_, i) => unseen[i] == isUnseen).SelectMany(t => t).Distinct().Count();
    }

    private static void Require(Dataset data)
    {
        if (data.Kind != RowKind.Messages)
            throw new HoneException($"{data.Path}: rows of kind {data.Kind.ToString().ToLowerInvariant()}; expected conversations (messages or conversations) with tools.");
    }

    private static IEnumerable<JsonObject> Tasks(Trajectory trajectory, List<int> accepted) =>
        from i in accepted
        where trajectory.Turns[i].Call is { } call && trajectory.Tools.Any(t => t.Name == call.Name)
        select TlExamples.Task(new TlSample(TlPrompt.Before(trajectory, i), trajectory.Turns[i], trajectory, i)).Fields;

    /// <summary>A message with several calls is learnt where none of them failed.</summary>
    private static IEnumerable<JsonObject> Samples(Row row, Trajectory trajectory, List<int> accepted)
    {
        JsonArray messages = (JsonArray)row.Fields["messages"]!;
        foreach (IGrouping<int, int> message in Enumerable.Range(0, trajectory.Turns.Count).Where(i => trajectory.Turns[i].Speaker == Speaker.Assistant).GroupBy(i => trajectory.Turns[i].Message))
        {
            if (message.Key == 0 || !message.All(accepted.Contains)) continue;
            JsonObject sample = new()
            {
                ["id"] = $"{row.Id}/{message.Key + 1}",
                ["prompt"] = new JsonArray([.. messages.Take(message.Key).Select(m => m?.DeepClone())]),
                ["completion"] = new JsonArray(messages[message.Key]?.DeepClone()),
            };
            if (row.Fields["tools"] is { } tools) sample["tools"] = tools.DeepClone();
            yield return sample;
        }
    }
}
