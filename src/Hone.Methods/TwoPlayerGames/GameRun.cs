using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Training;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>A game from its players to its standing: one loop, whoever plays.</summary>
internal sealed class GameRun : IDisposable
{
    private readonly GameOptions options;
    private readonly RunContext run;
    private readonly IReadOnlyList<Row> heldOut;
    private readonly TextVectors vectors;

    /// <param name="defender">Learns to answer safely.</param>
    /// <param name="adversary">Learns to ask; null plays the seeds as they are.</param>
    /// <param name="seeds">Rows trained on.</param>
    /// <param name="heldOut">Rows only evaluated on.</param>
    /// <param name="guard">Judges.</param>
    /// <param name="vectors">Meaning of texts.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, folder.</param>
    /// <param name="template">What the adversary is asked; null takes the options'.</param>
    public GameRun(
        TextModel defender, TextModel? adversary, IReadOnlyList<Row> seeds, IReadOnlyList<Row> heldOut, ISafetyGuard guard, TextVectors vectors, GameOptions options, RunContext run,
        string? template = null)
    {
        (this.options, this.run, this.heldOut, this.vectors) = (options, run, heldOut, vectors);
        Defender = new Player("defender", defender, options, run);
        Adversary = adversary is null ? null : new Player("adversary", adversary, options, run);
        Source = new GameSource(Defender, Adversary, seeds, guard, new NoveltyArchive(vectors, options.ArchiveSize, options.ArchiveReferences), template ?? GamePrompts.AttackTemplate(options.AttackTemplate), options, run);
        Scheduler = new StageScheduler(options.DefendSteps, Adversary is null ? 0 : options.AttackSteps);
    }

    public Player Defender { get; }

    public Player? Adversary { get; }

    public GameSource Source { get; }

    public StageScheduler Scheduler { get; }

    /// <summary>Hears of every step.</summary>
    public Action<StepResult>? AfterStep { get; init; }

    /// <summary>Plays all steps.</summary>
    public TrainingSummary Train()
    {
        using Trainer trainer = Create(options.Train);
        return trainer.Run(Source, run);
    }

    /// <summary>Plays one step and computes its loss, and changes nothing.</summary>
    public StepResult Dry()
    {
        using Trainer trainer = Create(options.Train with { Optimizer = "sgd", Lr = 0, WeightDecay = 0 });
        return trainer.Step([.. Enumerable.Range(0, options.Train.Batch).Select(i => Source.Get(i))], 0, 0);
    }

    /// <summary>How the game stands on held-out seeds; null where there are none.</summary>
    public GameStanding? Standing(string purpose) => heldOut.Count == 0 ? null : GameStanding.Of(Source, heldOut, vectors, purpose);

    public void Dispose() => Source.Dispose();

    private Trainer Create(TrainOptions train) => new(
        [.. Defender.Parameters, .. Adversary?.Parameters ?? []], new GameObjective(Defender, Adversary), train, workers: Defender.Model.Workers)
    {
        AfterStep = Finished,
        RateFactor = step => Scheduler.At(step) == Stage.Attack ? options.AdversaryRate : 1,
    };

    private void Finished(StepResult step)
    {
        AfterStep?.Invoke(step);
        if (run.Folder.Length == 0 || options.EvaluateEvery == 0 || step.Step % options.EvaluateEvery != 0 || Standing($"evaluation={step.Step}") is not { } standing) return;
        run.Reporter.Line($"step {step.Step}: {standing.AttackSuccess:P1} of attacks and {standing.PlainSuccess:P1} of plain questions got an unsafe answer");
        JsonObject json = standing.ToJson();
        json["step"] = step.Step;
        AtomicFile.WriteText(run.PathOf("evaluations", $"step-{step.Step:D8}.json"), json.ToJsonString(Jsonl.Indented) + "\n");
        KeepBest(step.Step, standing);
    }

    /// <summary>The defender with the highest mean probability of being safe under attack so far, in best/.</summary>
    private void KeepBest(int step, GameStanding standing)
    {
        string path = run.PathOf("best.json");
        JsonNode? best = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) : null;
        // A run that went back to a checkpoint comes by its own best again.
        if (best is not null && (int)best["step"]! <= step && (double)best["p_safe"]! >= standing.MeanSafe) return;
        Defender.Save(run.PathOf("best"));
        AtomicFile.WriteText(path, new JsonObject { ["step"] = step, ["p_safe"] = standing.MeanSafe }.ToJsonString(Jsonl.Indented) + "\n");
    }
}
