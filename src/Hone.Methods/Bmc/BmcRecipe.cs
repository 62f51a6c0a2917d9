using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Preference;
using Hone.Methods.Supervised;
using Hone.Methods.Tokens;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;
using Microsoft.Extensions.AI;

namespace Hone.Methods.Bmc;

/// <summary>BMC from pairs to files: worse answers are edited into better ones, then tokens in which the two differ count more.</summary>
[Method("bmc", Stage = "preference", Paper = "Bridging and Modeling Correlations in Pairwise Data for Direct Preference Optimization", ArXiv = "2408.07471", Command = "hone train bmc")]
public static class BmcRecipe
{
    /// <summary>Trains; see <see cref="TrainingJob"/> for what is written, and bridged.jsonl beside it.</summary>
    /// <exception cref="HoneException">Rows of another kind, or an editor that cannot be had.</exception>
    public static JsonObject Run(TextModel model, Dataset data, BmcOptions options, RunContext run, bool dryRun)
    {
        IReadOnlyList<Row> rows = PreferenceRecipes.Preferences(data);
        if (dryRun) rows = [.. rows.Take(options.Train.Batch)];
        JsonObject? outcomes = null;
        if (options.Bridging.Bridge != BridgeKind.None) (rows, outcomes) = Bridge(rows, options.Bridging, run, dryRun ? null : run.PathOf("bridged.jsonl"));
        PreferenceExamples pairs = new(model.Text, options.MaxLength, options.Truncation);
        bool isReferenceFree = options.Objective is BmcObjectiveKind.Simpo or BmcObjectiveKind.Orpo;
        List<TrainingExample> examples = WithMasks(isReferenceFree ? pairs.CpoPairs(rows) : pairs.Pairs(rows), model, options);
        PreferenceRecipes.Report(pairs, options, run);
        int same = examples.Count(e => !Differs(e));
        if (same > 0) run.Reporter.Warn($"{same} pairs do not differ in any token that counts, and weigh as without token weights.");
        if (!isReferenceFree) examples = PreferenceRecipes.WithReference(model, examples, options, run, dryRun);
        JsonObject result = PreferenceRecipes.Finish(model, data, options, run, dryRun, pairs, examples, ObjectiveOf(model, options, dryRun));
        if (outcomes is not null) result["bridging"] = outcomes;
        return result;
    }

    /// <summary>Only the bridging phase, from rows to a file.</summary>
    /// <param name="data">Preference rows.</param>
    /// <param name="options">Settings.</param>
    /// <param name="path">Target, JSON Lines.</param>
    /// <param name="run">Seed, reporter.</param>
    public static JsonObject BridgeFile(Dataset data, BridgeOptions options, string path, RunContext run)
    {
        (IReadOnlyList<Row> rows, JsonObject outcomes) = Bridge(PreferenceRecipes.Preferences(data), options, run, path + ".log");
        Jsonl.Write(path, rows.Select(r => r.Fields));
        File.Delete(path + ".log");
        return new JsonObject { ["out"] = path, ["rows"] = rows.Count, ["bridging"] = outcomes, ["data_sha256"] = data.Sha256 };
    }

    /// <summary>Marks tokens in which the two answers of each pair differ. Answers are already cut, both alike.</summary>
    internal static List<TrainingExample> WithMasks(IReadOnlyList<TrainingExample> examples, TextModel model, BmcOptions options)
    {
        IReadOnlySet<int>? ignored = options.IgnoreStopwords ? StopWords.TokensOf(model.Tokenizer) : null;
        return [.. examples.Select(e =>
        {
            TokenDiff diff = TokenDiff.Of(Answer(e.Sequences[0]), Answer(e.Sequences[1]), options.Diff, ignored);
            return e with { Sequences = [Marked(e.Sequences[0], diff.First), Marked(e.Sequences[1], diff.Second)] };
        })];
    }

    internal static IObjective ObjectiveOf(TextModel model, BmcOptions o, bool dryRun)
    {
        ConfidenceWeights weights = new(o.Weights);
        string type = o.Objective switch { BmcObjectiveKind.Ipo => "ipo", BmcObjectiveKind.Rdpo => "rdpo", _ => "sigmoid" };
        return o.Objective switch
        {
            BmcObjectiveKind.Simpo => new CpoObjective(model.Model, new CpoOptions { LossType = "simpo", Beta = o.Beta, SimpoGamma = o.SimpoGamma, CpoAlpha = 0 }, o.Train.Recompute) { Confidence = weights },
            BmcObjectiveKind.Orpo => new OrpoObjective(model.Model, o.Beta, o.Train.Recompute) { Confidence = weights },
            _ => new DpoObjective(model.Model, new PreferenceOptions { LossType = type, Beta = o.Beta, RdpoAlpha = o.RdpoAlpha }, o.Train.Recompute) { Confidence = weights, LogsTokenAccuracy = dryRun },
        };
    }

    private static int[] Answer(TrainingSequence sequence) => [.. sequence.TargetPlaces().Select(i => sequence.Ids[i])];

    private static TrainingSequence Marked(TrainingSequence sequence, bool[] differs) => sequence.WithTokenColumn(ConfidenceWeights.Differs, [.. differs.Select(d => d ? 1.0 : 0)]);

    private static bool Differs(TrainingExample example) => example.Sequences.Any(s => s.TokenColumns![ConfidenceWeights.Differs].Any(m => m != 0));

    private static (IReadOnlyList<Row> Rows, JsonObject Outcomes) Bridge(IReadOnlyList<Row> rows, BridgeOptions options, RunContext run, string? log)
    {
        using IChatClient? teacher = options.Bridge == BridgeKind.Teacher ? LocalEndpoints.Open(options.Teacher) : null;
        Bridging bridging = new(teacher is null ? new RuleBridge() : new TeacherBridge(teacher, options.OpenEnded, options.MaxTokens, run.Seed), options, run);
        IReadOnlyList<Row> bridged = Task.Run(() => bridging.RunAsync(rows, log)).GetAwaiter().GetResult();
        run.Reporter.Line("bridging: " + string.Join(", ", bridging.Outcomes.Select(o => $"{o.Value} {o.Key}")));
        return (bridged, new JsonObject(bridging.Outcomes.Select(o => KeyValuePair.Create(o.Key, (JsonNode?)o.Value))));
    }
}
