using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Inference;
using Hone.Inference.Embedding;
using Hone.Methods.OnPolicy;
using Hone.Methods.Supervised;
using Hone.Models.Formats;
using Hone.Training;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>What <c>hone game train</c> runs: an adversary that looks for questions a defender answers badly, and a defender that learns from them.</summary>
[Method("two-player-games", Stage = "preference", Paper = "Toward Optimal LLM Alignments Using Two-Player Games", ArXiv = "2406.10977", Command = "hone game train")]
public static class GameRecipe
{
    /// <summary>Trains both, and writes defender/, adversary/, best/, attacks.jsonl, evaluations/, metrics.jsonl, report.html and game.json.</summary>
    /// <param name="defender">Trained in place.</param>
    /// <param name="adversary">Trained in place; not the same object.</param>
    /// <param name="data">Seeds: rows with prompts.</param>
    /// <param name="guard">Judges answers.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, reporter, folder.</param>
    /// <param name="dryRun">Play one step and change nothing.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    public static JsonObject Run(TextModel defender, TextModel adversary, Dataset data, ISafetyGuard guard, GameOptions options, RunContext run, bool dryRun = false)
    {
        IReadOnlyList<Row> rows = PromptRows.Of(data);
        int heldOut = (int)Math.Round(rows.Count * options.HeldOutShare);
        if (rows.Count - heldOut < 1) throw new HoneException($"{data.Path}: {rows.Count} seeds, of which {heldOut} are held out, leave none to train on. Give more, or a lower --held-out-share.");
        RunContext own = dryRun ? new("", run.Seed, run.Reporter, run.Cancellation) : run;
        if (!dryRun && run.Folder.Length > 0) RunIdentity.Check(run.PathOf("run.json"), Identity(defender, adversary, data, options, run));
        using GameRun game = new(defender, adversary, [.. rows.Skip(heldOut)], [.. rows.Take(heldOut)], guard, Vectors(options, defender), options, own);
        if (dryRun) return Dry(game.Dry(), rows.Count);
        GameStanding? before = game.Standing("before");
        TrainingSummary summary = Reported(game, options, run);
        GameStanding? after = game.Standing("after");
        game.Defender.Save(run.PathOf("defender"));
        game.Adversary!.Save(run.PathOf("adversary"));
        JsonObject result = new()
        {
            ["out"] = run.PathOf("defender"),
            ["adversary"] = run.PathOf("adversary"),
            ["steps"] = summary.Steps,
            ["seeds"] = rows.Count,
            ["attacks"] = game.Source.Archive.Seen,
            ["before"] = before?.ToJson(),
            ["after"] = after?.ToJson(),
            ["seconds"] = Math.Round(summary.Seconds, 2),
            ["seed"] = run.Seed,
        };
        AtomicFile.WriteText(run.PathOf("game.json"), result.ToJsonString(Jsonl.Indented) + "\n");
        return result;
    }

    private static TrainingSummary Reported(GameRun game, GameOptions options, RunContext run)
    {
        string? problem = null;
        try
        {
            return game.Train();
        }
        catch (HoneException error)
        {
            problem = error.Message;
            throw;
        }
        finally
        {
            TrainingReport.Write(run, "game", options, game.Defender.Model.Loaded.Path, problem);
        }
    }

    private static TextVectors Vectors(GameOptions options, TextModel model)
    {
        if (options.Encoder.Length == 0) return NoveltyArchive.WordVectors;
        Embedder encoder = Embedder.Load(ModelFiles.Locate(options.Encoder), null, model.Workers);
        // A text without a token has no vector; an empty attack counts as like nothing.
        return texts =>
        {
            IReadOnlyList<float[]> vectors = encoder.Embed([.. texts.Select(t => t.Length == 0 ? "-" : t)]);
            return [.. vectors.Select((v, i) => texts[i].Length == 0 ? new float[v.Length] : v)];
        };
    }

    private static JsonObject Dry(StepResult step, int rows)
    {
        JsonObject result = new() { ["dry_run"] = true, ["objective"] = "game", ["loss"] = step.Loss, ["grad_norm"] = step.GradNorm, ["rows"] = rows, ["batch_tokens"] = step.Tokens };
        foreach ((string name, double value) in step.Metrics) result[name] = double.IsFinite(value) ? value : null;
        return result;
    }

    private static JsonObject Identity(TextModel defender, TextModel adversary, Dataset data, GameOptions options, RunContext run) => new()
    {
        ["defender_sha256"] = ReferenceLogProbs.HashOf(defender.Model),
        ["adversary_sha256"] = ReferenceLogProbs.HashOf(adversary.Model),
        ["data_sha256"] = data.Sha256,
        ["seed"] = run.Seed,
        ["attack_template"] = GamePrompts.AttackTemplate(options.AttackTemplate),
        ["options"] = TrainingIdentity.OptionsOf(options),
    };
}
