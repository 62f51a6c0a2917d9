using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data.Preferences;
using Hone.Evaluation.Checkers;
using Hone.Methods.Supervised;
using Hone.Methods.Tokens;

namespace Hone.Methods.Bmc;

/// <summary>
/// BMC's bridging phase: worse answers y_l edited into pseudo-winners that differ from them only where it matters, arXiv:2408.07471. A pair that
/// no edit fits stays as it is, and the reason is written beside it. Every row is logged as it is done, so a stopped run goes on.
/// </summary>
/// <param name="bridge">The editor.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed, reporter, cancellation.</param>
public sealed class Bridging(IBridge bridge, BridgeOptions options, RunContext run)
{
    private const int Tries = 2;
    private const string Key = "bridge_key", Bridged = "bridged";

    /// <summary>Pairs by what became of them: bridged, not chosen, or why the original was kept.</summary>
    public SortedDictionary<string, int> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>All rows in order, bridged where that worked, with <c>status</c>, <c>original_chosen</c> and edit distances in words.</summary>
    /// <param name="rows">Preference rows.</param>
    /// <param name="log">File of finished rows, continued where it exists; null for none.</param>
    public async Task<IReadOnlyList<Row>> RunAsync(IReadOnlyList<Row> rows, string? log)
    {
        Dictionary<string, JsonObject> done = log is not null && File.Exists(log) ? Finished(log) : [];
        using JsonlLog? file = log is null ? null : new JsonlLog(log);
        IChecker? checker = CheckerOf(rows);
        bool[] wanted = Wanted(rows.Count);
        string settings = Fingerprint.Of(new { options, bridge.Name, run.Seed });
        List<Row> result = new(rows.Count);
        using IProgressTask progress = run.Reporter.Start($"bridging ({bridge.Name})", rows.Count, "pairs");
        for (int i = 0; i < rows.Count; i++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            Row row = ImplicitPrompt.Extract(rows[i]);
            string key = $"{i}/{settings}/{row.Id}";
            if (!done.TryGetValue(key, out JsonObject? fields) || !JsonNode.DeepEquals(fields["rejected"], row.Fields["rejected"]))
            {
                fields = wanted[i] ? await Edit(row, checker).ConfigureAwait(false) : With(row, null, "not chosen");
                JsonObject line = (JsonObject)fields.DeepClone();
                line[Key] = key;
                file?.Append(line);
            }
            string status = (string)fields["status"]!;
            Outcomes[status] = Outcomes.GetValueOrDefault(status) + 1;
            result.Add(row with { Fields = fields });
            progress.Advance(1, status);
        }
        return result;
    }

    private async Task<JsonObject> Edit(Row row, IChecker? checker)
    {
        BridgePair pair = new(row, TextOf(row.Fields["prompt"]), TextOf(row.Fields["chosen"]), TextOf(row.Fields["rejected"]));
        string reason = "";
        for (int attempt = 0; attempt < Tries; attempt++)
        {
            Revision revision = await bridge.ReviseAsync(pair, attempt, run.Cancellation).ConfigureAwait(false);
            reason = revision.Text is null ? revision.Reason : Objection(pair, revision.Text, checker);
            if (reason.Length == 0) return With(row, revision.Text, Bridged);
        }
        return With(row, null, reason);
    }

    /// <summary>Why an edited answer is not used; empty where it is.</summary>
    private static string Objection(BridgePair pair, string revised, IChecker? checker)
    {
        if (revised.Trim() == pair.Worse.Trim()) return "unchanged";
        if (checker is not null)
        {
            string? found = checker.Extract(pair.Row, revised);
            if (found is null || found != checker.Extract(pair.Row, pair.Better)) return "another result";
        }
        // A worse answer that already lies as near as can be may become the better one itself.
        return Distance(revised, pair.Worse) >= Distance(pair.Better, pair.Worse) && revised.Trim() != pair.Better.Trim() ? "farther than the better answer" : "";
    }

    private static JsonObject With(Row row, string? revised, string status)
    {
        JsonObject fields = (JsonObject)row.Fields.DeepClone();
        string better = TextOf(row.Fields["chosen"]), worse = TextOf(row.Fields["rejected"]);
        if (!fields.ContainsKey("id")) fields["id"] = row.Id;
        if (revised is not null)
        {
            fields["original_chosen"] = row.Fields["chosen"]!.DeepClone();
            fields["chosen"] = revised;
            if (row.Fields["rejected"] is JsonArray turns)
            {
                JsonArray edited = (JsonArray)turns.DeepClone();
                edited[^1]!["content"] = revised;
                fields["chosen"] = edited;
            }
            fields["distance"] = Distance(revised, worse);
        }
        (fields["original_distance"], fields["status"]) = (Distance(better, worse), status);
        return fields;
    }

    /// <summary>The text of a side: of a conversation of several turns all of them, with their roles.</summary>
    private static string TextOf(JsonNode? side) => side switch
    {
        JsonArray { Count: 1 } turns => (string?)turns[0]?["content"] ?? "",
        JsonArray turns => string.Join("\n\n", turns.Select(t => $"{t?["role"]}: {t?["content"]}")),
        null => "",
        _ => side.GetValue<string>(),
    };

    /// <summary>Edits in words: they stand for tokens, which differ from teacher to student.</summary>
    private static int Distance(string a, string b) => Levenshtein.Distance<string>(Words(a), Words(b));

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private bool[] Wanted(int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        run.Rng("bridge/fraction").Shuffle<int>(order);
        bool[] wanted = new bool[count];
        foreach (int i in order.Take((int)Math.Round(options.Fraction * count))) wanted[i] = true;
        return wanted;
    }

    private IChecker? CheckerOf(IReadOnlyList<Row> rows)
    {
        if (options.Verify == "none") return null;
        if (options.Verify.Length > 0) return CheckerRegistry.Create(options.Verify, rows);
        // Answers that all show a number are taken to be answered by it.
        IChecker number = CheckerRegistry.Create("number", rows);
        return rows.All(r => ((string[])["chosen", "rejected"]).All(side => number.Extract(r, TextOf(r.Fields[side])) is not null)) ? number : null;
    }

    private static Dictionary<string, JsonObject> Finished(string log)
    {
        Dictionary<string, JsonObject> done = [];
        foreach (Row row in Jsonl.Read(log, OnError.Skip))
        {
            string? key = row.OptionalText(Key);
            row.Fields.Remove(Key);
            if (key is not null && row.Has("status")) done[key] = row.Fields;
        }
        return done;
    }
}
