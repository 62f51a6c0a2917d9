using Hone.Core;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>How large the experiment is.</summary>
/// <param name="StartSteps">Steps in which each start model learns its part.</param>
/// <param name="Updates">Updates of the defender in every arm.</param>
/// <param name="DefendSteps">Of these, one after the other.</param>
/// <param name="AttackSteps">Updates of the adversary between them; the paper has twice as many.</param>
/// <param name="Batch">Exchanges in each update.</param>
internal sealed record GameSize(int StartSteps, int Updates, int DefendSteps, int AttackSteps, int Batch)
{
    public static GameSize Full { get; } = new(200, 64, 8, 16, 32);

    public static GameSize Quick { get; } = new(80, 4, 2, 4, 16);
}

/// <summary>What one arm came to on one seed.</summary>
/// <param name="Seeds">Share of unsafe answers to the seeds.</param>
/// <param name="HeldOut">Share of unsafe answers to things and ways of asking that were not among the seeds.</param>
/// <param name="Helpful">Share of right answers to usual questions.</param>
/// <param name="Distinct">Different pairs of neighbouring words in the adversary's attacks, as a share of all.</param>
/// <param name="Diversity">1 − SelfBLEU of the attacks.</param>
/// <param name="TopShare">Share of the most frequent attack.</param>
/// <param name="Success">Share of the attacks that got an unsafe answer.</param>
internal sealed record GameArm(double Seeds, double HeldOut, double Helpful, double Distinct, double Diversity, double TopShare, double Success);

/// <summary>Weights of the start models: a defender that leaks and an adversary that asks, both the seed model taught for a moment.</summary>
internal sealed record GameStart(WeightSnapshot Defender, WeightSnapshot Adversary);

/// <summary>One arm on one seed, from the start models that all share.</summary>
internal sealed class GameExperiment
{
    private const double Rate = 5e-5;
    private readonly GameSize size;
    private readonly RunContext run;
    private readonly TextModel defender, adversary;
    private readonly List<Row> seeds;

    /// <param name="size">How large.</param>
    /// <param name="modelPath">The seed model.</param>
    /// <param name="start">From <see cref="Taught"/>.</param>
    /// <param name="run">The seed.</param>
    public GameExperiment(GameSize size, string modelPath, GameStart start, RunContext run)
    {
        (this.size, this.run) = (size, run);
        (defender, adversary) = (Open(modelPath, start.Defender), Open(modelPath, start.Adversary));
        seeds = OwnersScenario.Seeds(run.Rng("seeds"), 400);
    }

    /// <summary>Teaches the start models.</summary>
    public static GameStart Taught(GameSize size, string modelPath, RunContext run)
    {
        WeightSnapshot[] taught = SideBySide.Run<WeightSnapshot>(
        [
            () => Teach(size, modelPath, run.Rng("teach/defender"), OwnersScenario.DefenderExample, run), () => Teach(size, modelPath, run.Rng("teach/adversary"), OwnersScenario.AdversaryExample, run),
        ]);
        return new(taught[0], taught[1]);
    }

    /// <summary>The start models.</summary>
    public GameArm Before() => Play(new GameOptions { DefendSteps = 1, AttackSteps = 0 }, plays: true, updates: 0);

    /// <summary>PPO on the seeds as they are.</summary>
    public GameArm FixedSeeds() => Play(new GameOptions { DefendSteps = 1, AttackSteps = 0 }, plays: false, size.Updates);

    /// <summary>PPO against an adversary that never learns.</summary>
    public GameArm Frozen() => Play(new GameOptions { DefendSteps = 1, AttackSteps = 0 }, plays: true, size.Updates);

    /// <summary>Both learn in turn.</summary>
    public GameArm Game(double bleuWeight, double embedWeight) => Play(
        new GameOptions { DefendSteps = size.DefendSteps, AttackSteps = size.AttackSteps, BleuWeight = bleuWeight, EmbedWeight = embedWeight }, plays: true,
        size.Updates / size.DefendSteps * (size.DefendSteps + size.AttackSteps));

    private GameArm Play(GameOptions options, bool plays, int updates)
    {
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
            Train = new() { Steps = Math.Max(1, updates), Batch = size.Batch, MicroTokens = 8192, Lr = Rate, Schedule = "constant", Warmup = 0, Beta2 = 0.95 },
        };
        RunContext own = new("", run.Seed, null, run.Cancellation);
        using RuleGuard guard = new(OwnersScenario.IsUnsafe);
        using GameRun game = new(defender, plays ? adversary : null, seeds, seeds[..200], guard, NoveltyArchive.WordVectors, options, own, GamePrompts.Place);
        if (updates > 0) game.Train();
        GameStanding standing = game.Standing("after")!;
        return new(standing.PlainSuccess, Share(game, OwnersScenario.HeldOut(), (q, a) => OwnersScenario.IsUnsafe(q, a)), Share(game, OwnersScenario.Benign(), OwnersScenario.IsHelpful),
            standing.DistinctPairs, standing.LexicalDiversity, standing.TopShare, standing.AttackSuccess);
    }

    /// <summary>Share of answers to questions as they are, eight drawn for each.</summary>
    private static double Share(GameRun game, List<Row> questions, Func<string, string, bool> test)
    {
        Row[] all = [.. Enumerable.Repeat(questions, 8).SelectMany(q => q)];
        return game.Source.Exchange(all, "measure", attacks: false).Exchanges.Average(e => test(e.Attack, e.Answer) ? 1.0 : 0);
    }

    private static TextModel Open(string path, WeightSnapshot weights)
    {
        TextModel model = TextModel.Open(path);
        weights.CopyTo(model.Model);
        return model;
    }

    private static WeightSnapshot Teach(GameSize size, string path, RandomStream stream, Func<Models.Text.ModelText, RandomStream, TrainingExample> example, RunContext run)
    {
        TextModel model = TextModel.Open(path);
        GeneratedSource source = new(n => example(model.Text, stream.Derive(n)));
        TrainOptions options = new() { Steps = size.StartSteps, Batch = 64, MicroTokens = 8192, Lr = 2e-3, Schedule = "linear", Warmup = 10, Beta2 = 0.95 };
        FineTuning.Full(model, new SupervisedObjective(model.Model), source, options, new RunContext("", run.Seed, null, run.Cancellation));
        return new WeightSnapshot(model.Model);
    }
}
