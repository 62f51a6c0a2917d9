using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Inference;
using Hone.Methods.Preference;
using Hone.Methods.Supervised;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Rise;

/// <summary>RISE from questions to files: the model's own right steps with errors put in, beside its right and wrong solutions.</summary>
[Method("rise", Stage = "preference", Paper = "Subtle Errors in Reasoning: Preference Learning via Error-injected Self-editing", ArXiv = "2410.06638", Command = "hone train rise")]
public static class RiseRecipe
{
    /// <summary>Name of the column that is 1 for pairs of edited steps.</summary>
    internal const string IsEdit = "is_edit";

    /// <summary>Trains on questions (pairs are made first and kept in pairs.jsonl), or on pairs made earlier.</summary>
    /// <exception cref="HoneException">Rows of another kind, or no pair came of them.</exception>
    public static JsonObject Run(TextModel model, Dataset data, RiseOptions options, RunContext run, bool dryRun)
    {
        SortedDictionary<string, int> counts = [];
        IReadOnlyList<RisePair> pairs = data.Kind switch
        {
            RowKind.Task => Build(model, data.Rows, options, run, dryRun, counts),
            RowKind.Preference => [.. data.Rows.Select(RisePair.Of)],
            _ => throw new HoneException($"{data.Path}: rows of kind {data.Kind.ToString().ToLowerInvariant()}; RISE needs question and answer, or pairs with prompt, initial_reason_steps, chosen and rejected."),
        };
        pairs = [.. pairs.Where(p => options.Pairs == PairKinds.Both || p.IsEdit == (options.Pairs == PairKinds.Edit))];
        if (pairs.Count == 0)
            throw new HoneException($"no pair came of {data.Rows.Count} rows ({string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"))}). Raise the temperature or num_generations where all solutions are alike.");
        List<TrainingExample> examples = Examples(model, pairs, options, out int leftOut);
        if (leftOut > 0) run.Reporter.Warn($"{leftOut} pairs were too long for {options.MaxLength} tokens and were left out.");
        examples = PreferenceRecipes.WithReference(model, examples, options, run, dryRun);
        TrainingJob job = new(model, options, run, dryRun);
        JsonObject result = job.Run(examples, ObjectiveOf(model, options));
        (result["rows_left_out"], result["data_sha256"]) = (leftOut + data.Skipped, data.Sha256);
        (result["pairs_full"], result["pairs_edit"]) = (pairs.Count(p => !p.IsEdit), pairs.Count(p => p.IsEdit));
        if (counts.Count > 0) result["counts"] = new JsonObject(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value)));
        job.Record(result);
        return result;
    }

    /// <summary>The loss: DPO on every pair, and the likelihood of chosen texts that have sunk below the reference.</summary>
    internal static DpoObjective ObjectiveOf(TextModel model, RiseOptions options)
    {
        PreferenceOptions loss = options.NllWeight > 0
            ? new() { Beta = options.Beta, LossType = "sigmoid,adaptive_nll", LossWeights = [1, options.NllWeight] }
            : new() { Beta = options.Beta };
        return new(model.Model, loss, options.Train.Recompute) { AlsoLog = (scores, batch, metrics) => Log(scores, batch, metrics, options.Beta) };
    }

    /// <summary>Pairs as tokens: no end token behind steps, so that any step can be trained; the prompt is given, not learnt.</summary>
    internal static List<TrainingExample> Examples(TextModel model, IReadOnlyList<RisePair> pairs, RiseOptions options, out int leftOut)
    {
        List<TrainingExample> examples = [];
        foreach (RisePair pair in pairs)
        {
            int[] Encode(string text) => model.Tokenizer.Encode(text, addSpecialTokens: false);
            PairTokens tokens = new(model.Text.Prompt(pair.Prompt, pair.Prefix), Encode(pair.Chosen), Encode(pair.Rejected));
            if (PairTruncation.Cut(tokens, options.MaxLength, options.Truncation) is not { } cut) continue;
            examples.Add(new([cut.Chosen, cut.Rejected], new Dictionary<string, double> { [IsEdit] = pair.IsEdit ? 1 : 0 }));
        }
        leftOut = pairs.Count - examples.Count;
        return examples;
    }

    private static IReadOnlyList<RisePair> Build(TextModel model, IReadOnlyList<Row> rows, RiseOptions options, RunContext run, bool dryRun, SortedDictionary<string, int> counts)
    {
        CheckerChoice choice = options.Check.Length > 0 ? new(CheckerRegistry.Create(options.Check, rows), $"checker '{options.Check}': asked for") : CheckerRegistry.Choose(rows);
        run.Reporter.Line(choice.Reason);
        IErrorInjector injector = options.Injector == InjectorKind.Rules ? new RuleErrorInjector() : new ModelErrorInjector(model, options.Wording ?? EditPrompt.For(model));
        RiseBuilder builder = new(model, choice.Checker, injector, options, run);
        IReadOnlyList<RisePair> pairs = builder.Build(rows, dryRun ? null : run.PathOf("questions.jsonl"), dryRun ? options.Train.Batch : 0);
        foreach ((string name, int count) in builder.Counts) counts[name] = count;
        run.Reporter.Line("pairs: " + string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}")));
        if (!dryRun) Jsonl.Write(run.PathOf("pairs.jsonl"), pairs.Select(p => p.ToJson()));
        return pairs;
    }

    private static void Log(PairScores scores, TrainingBatch batch, MetricSums metrics, double beta)
    {
        float[] edits = batch.Column(IsEdit);
        double[] chosen = scores.ChosenRatio.Values, rejected = scores.RejectedRatio.Values;
        foreach ((float kind, string name) in ((float, string)[])[(1, "edit"), (0, "full")])
        {
            int[] rows = [.. Enumerable.Range(0, edits.Length).Where(i => edits[i] == kind)];
            if (rows.Length > 0) metrics.Add($"rewards/margins_{name}", rows.Average(i => beta * (chosen[i] - rejected[i])), rows.Length);
        }
        metrics.Add("rise/nll_gate", chosen.Average(r => r < 0 ? 1.0 : 0), chosen.Length);
    }
}
