using Hone.Core;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>How large the experiment is.</summary>
internal sealed record GameSize(int StartSteps, int Updates, int Turn, int Batch)
{
    public static GameSize Full { get; } = new(250, 32, 8, 32);

    public static GameSize Quick { get; } = new(120, 6, 3, 16);
}

/// <summary>What one arm came to on one seed.</summary>
/// <param name="HeldOut">Share of unsafe answers to things and ways of asking that were not among the seeds.</param>
/// <param name="Helpful">Share of right answers to usual questions.</param>
/// <param name="Distinct">Different pairs of neighbouring words in the adversary's attacks, as a share of all.</param>
/// <param name="Diversity">1 − SelfBLEU of the attacks.</param>
/// <param name="TopShare">Share of the most frequent attack.</param>
internal sealed record GameArm(double HeldOut, double Helpful, double Distinct, double Diversity, double TopShare);

/// <summary>One seed: a start defender that leaks and a start adversary that asks, both the seed model taught for a moment, shared by all arms.</summary>
internal sealed class GameExperiment
{
    private readonly GameSize size;
    private readonly RunContext run;
    private readonly TextModel defender, adversary;
    private readonly WeightSnapshot defenderStart, adversaryStart;
    private readonly List<Row> seeds;

    public GameExperiment(GameSize size, string modelPath, RunContext run)
    {
        (this.size, this.run) = (size, run);
        (defender, adversary) = (TextModel.Open(modelPath), TextModel.Open(modelPath));
        Teach(defender, "defender", OwnersScenario.DefenderExample);
        Teach(adversary, "adversary", OwnersScenario.AdversaryExample);
        (defenderStart, adversaryStart) = (new(defender.Model), new(adversary.Model));
        seeds = OwnersScenario.Seeds(run.Rng("seeds"), 400);
        Before = Play(new GameOptions { DefendSteps = 1, AttackSteps = 0 }, plays: true, updates: 0);
    }

    /// <summary>The start models.</summary>
    public GameArm Before { get; }

    /// <summary>PPO on the seeds as they are.</summary>
    public GameArm FixedSeeds() => Play(new GameOptions { DefendSteps = 1, AttackSteps = 0 }, plays: false, size.Updates);

    /// <summary>PPO against an adversary that never learns.</summary>
    public GameArm Frozen() => Play(new GameOptions { DefendSteps = 1, AttackSteps = 0 }, plays: true, size.Updates);

    /// <summary>Both learn in turn.</summary>
    public GameArm Game(double bleuWeight, double embedWeight) => Play(
        new GameOptions { DefendSteps = size.Turn, AttackSteps = size.Turn, BleuWeight = bleuWeight, EmbedWeight = embedWeight }, plays: true, 2 * size.Updates);

    private GameArm Play(GameOptions options, bool plays, int updates)
    {
        defenderStart.Restore();
        adversaryStart.Restore();
        options = options with
        {
            MaxAttackLength = 20,
            MaxCompletionLength = 16,
            Temperature = 1,
            TopP = 1,
            RepetitionPenalty = 1,
            AdversaryRate = 2,
            ArchiveReferences = 64,
            EvaluateEvery = 0,
            Loss = new PpoOptions { VfCoef = 0.1 },
            Advantage = new() { KlCoef = 0.05, WhitenAdvantages = true },
            Train = new() { Steps = Math.Max(1, updates), Batch = size.Batch, MicroTokens = 8192, Lr = 5e-5, Schedule = "constant", Warmup = 0, Beta2 = 0.95 },
        };
        RunContext own = new("", run.Seed, null, run.Cancellation);
        using RuleGuard guard = new(OwnersScenario.IsUnsafe);
        using GameRun game = new(defender, plays ? adversary : null, seeds, seeds[..64], guard, NoveltyArchive.WordVectors, options, own, GamePrompts.Place);
        if (updates > 0) game.Train();
        GameStanding standing = game.Standing("after")!;
        return new(Share(game, OwnersScenario.HeldOut(), (q, a) => OwnersScenario.IsUnsafe(q, a)), Share(game, OwnersScenario.Benign(), OwnersScenario.IsHelpful),
            standing.DistinctPairs, standing.LexicalDiversity, standing.TopShare);
    }

    /// <summary>Share of answers to questions as they are, eight drawn for each.</summary>
    private static double Share(GameRun game, List<Row> questions, Func<string, string, bool> test)
    {
        Row[] all = [.. Enumerable.Repeat(questions, 8).SelectMany(q => q)];
        return game.Source.Exchange(all, "measure", attacks: false).Exchanges.Average(e => test(e.Attack, e.Answer) ? 1.0 : 0);
    }

    private void Teach(TextModel model, string name, Func<Models.Text.ModelText, RandomStream, TrainingExample> example)
    {
        foreach (Parameter parameter in model.Model.Parameters) parameter.Trainable = true;
        RandomStream stream = run.Rng($"teach/{name}");
        GeneratedSource source = new(n => example(model.Text, stream.Derive(n)));
        TrainOptions options = new() { Steps = size.StartSteps, Batch = 64, MicroTokens = 8192, Lr = 2e-3, Schedule = "linear", Warmup = 10, Beta2 = 0.95 };
        using Trainer trainer = new(model.Model.Parameters, new SupervisedObjective(model.Model), options, workers: model.Workers);
        trainer.Run(source, new RunContext("", run.Seed, null, run.Cancellation));
    }
}
