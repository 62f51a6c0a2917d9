using Hone.Core;
using Hone.Core.ToolCalls;
using Hone.Evaluation.Checkers.Tools;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.OnPolicy;
using Hone.Methods.TinyLm;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.TlTraining;

/// <summary>How large the experiment is.</summary>
/// <param name="StartSteps">Steps in which the start model learns to call.</param>
/// <param name="Trajectories">What is drawn; four fifths of it, without the tools that stay unseen, are what the arms learn from.</param>
/// <param name="Steps">Supervised steps of every arm.</param>
/// <param name="PpoSteps">Updates of the reward stage.</param>
/// <param name="Test">Requests each arm is judged on: so many for seen tools, and as many for unseen ones.</param>
internal sealed record TlSize(int StartSteps, int Trajectories, int Steps, int PpoSteps, int Test)
{
    public static TlSize Full { get; } = new(1000, 1521, 60, 60, 256);

    public static TlSize Quick { get; } = new(100, 400, 20, 3, 40);
}

/// <summary>What one arm came to on one seed.</summary>
/// <param name="Seen">With the tools of the trajectories it learnt from.</param>
/// <param name="Unseen">With tools that occur in none of them.</param>
/// <param name="Kl">Divergence from the model before the reward stage, in nats per call; 0 without that stage.</param>
internal sealed record TlArm(TlCalls Seen, TlCalls Unseen, double Kl);

/// <summary>What became of the calls of a test.</summary>
/// <param name="Exact">Share of greedy calls that are right.</param>
/// <param name="RightTool">Share of greedy calls of the right tool, all of which share a prefix with a sibling that was offered.</param>
/// <param name="Wrong">Share of calls drawn at temperature 1 that are wrong.</param>
/// <param name="NotOffered">Share of calls drawn at temperature 1 of a tool that was not offered.</param>
internal sealed record TlCalls(double Exact, double RightTool, double Wrong, double NotOffered);

/// <summary>One arm on one seed, from a start model that all share and with trajectories and test that its seed's arms share.</summary>
internal sealed class TlExperiment
{
    private const double FailingShare = 0.17, Rate = 1e-3, PpoRate = 5e-5;
    private const double MostUnseen = 0.25; // one of the five groups of tools, which are about a fifth each
    private readonly TlSize size;
    private readonly RunContext run;
    private readonly TextModel model;
    private readonly List<Trajectory> training;
    private readonly List<Row> seen, unseen;

    /// <param name="size">How large.</param>
    /// <param name="start">From <see cref="Taught"/>.</param>
    /// <param name="run">The seed.</param>
    public TlExperiment(TlSize size, WeightSnapshot start, RunContext run)
    {
        (this.size, this.run) = (size, run);
        model = NewModel(run);
        start.CopyTo(model.Model);
        RandomStream stream = run.Rng("trajectories"), testing = run.Rng("test");
        Trajectory[] drawn = [.. Enumerable.Range(0, size.Trajectories).Select(i => ToolTask.Next(stream.Derive(i), FailingShare))];
        bool[] apart = ToolDivision.Unseen([.. drawn.Select(ToolDivision.NamesIn)], MostUnseen, run.Seed)
            ?? throw new InvalidOperationException("the groups of tools are tied together");
        training = [.. drawn.Where((_, i) => !apart[i])];
        HashSet<string> known = [.. training.SelectMany(ToolDivision.NamesIn)];
        IEnumerable<Trajectory> requests = Enumerable.Range(0, int.MaxValue).Select(i => ToolTask.Next(testing.Derive(i), 0));
        List<Row> Test(bool isKnown) => Tasks([.. requests.Where(t => t.Tools.All(o => known.Contains(o.Name)) == isKnown).Take(size.Test)], filter: null);
        (seen, unseen) = (Test(true), Test(false));
    }

    /// <summary>
    /// Weights of a model that can call: it knows the form of a call, takes names from what is offered and copies values, as long as requests use
    /// the words of the name. Other words it has never seen. The paper, too, begins with a model that can write code.
    /// </summary>
    public static WeightSnapshot Taught(TlSize size, RunContext run)
    {
        TextModel model = NewModel(run);
        TlExamples examples = new(model.Text, new TlOptions { Pkt = false, MaxLength = 0 });
        RandomStream stream = run.Rng("start");
        GeneratedSource source = new(i => examples.Supervised(Short([ToolTask.Literal(stream.Derive(i))], null))[0]);
        TrainOptions options = new() { Steps = size.StartSteps, Batch = 32, MicroTokens = 8192, Lr = 2e-3, Optimizer = "muon", Schedule = "trapezoid", Warmup = 10, Decay = 0.6, Beta2 = 0.95 };
        using Trainer trainer = new(model.Model.Parameters, new SupervisedObjective(model.Model), options, workers: model.Workers);
        trainer.Run(source, new RunContext("", run.Seed, null, run.Cancellation));
        return new WeightSnapshot(model.Model);
    }

    /// <summary>The model as it is.</summary>
    public TlArm Start() => Measure(0);

    /// <summary>Runs the supervised stage, and the reward stage where asked.</summary>
    public (TlArm Supervised, TlArm? Rewarded) Run(bool mae, bool pkt, bool irm)
    {
        ErrorTurnFilter? filter = mae ? new() : null;
        TlExamples examples = new(model.Text, new TlOptions { Pkt = pkt, MaxLength = 0 });
        List<TrainingExample> learnt = examples.Supervised(Short(training, filter));
        TrainOptions options = new() { Steps = size.Steps, Batch = 32, MicroTokens = 8192, Lr = Rate, Schedule = "linear", Warmup = 0.1, Beta2 = 0.95 };
        using (Trainer trainer = new(model.Model.Parameters, new SupervisedObjective(model.Model), options, workers: model.Workers))
            trainer.Run(new ShuffledSource(learnt, run.Rng("shuffle")), Silent());
        TlArm supervised = Measure(0);
        return (supervised, irm ? Reward(filter) : null);
    }

    /// <summary>PPO with rewards by category of error, from the weights as they are.</summary>
    private TlArm Reward(ErrorTurnFilter? filter)
    {
        const int batch = 128;
        ReferencePolicy reference = ReferencePolicy.CopyOf(model.Model);
        ValueHead critic = new(model.Model.Config.HiddenSize);
        TlRewardOptions stage = new() { Batch = batch, Lr = PpoRate, Temperature = 1, MaxCompletionLength = 40, Advantage = new() { KlCoef = 0.02 } };
        PpoRecipeOptions options = stage.ToPpo(new TlOptions());
        using RewardSet rewards = ToolCallRewards.Create();
        RolloutSampler sampler = new(model, Tasks(training, filter), rewards, options, run);
        PpoPreparation preparation = new(model.Model, critic, options.Advantage, 8192, model.Workers);
        double kl = 0;
        RoundSource source = new(batch, batch, round =>
        {
            SampledRound sampled = sampler.Sample(round, batch, 1);
            List<TrainingExample> prepared = preparation.Prepare(
                reference.AddTo(sampled.Examples, 8192, model.Workers), [.. sampled.Examples.Select((e, i) => PpoPreparation.AtLast(e, sampled.Rewards.Total[i]))]);
            kl = prepared.Average(e => e.Logged!["objective/kl"]);
            return prepared;
        });
        TrainOptions train = new() { Steps = size.PpoSteps, Batch = batch, MicroTokens = 8192, Lr = stage.Lr, Schedule = "constant", Warmup = 0, Beta2 = 0.95 };
        using (Trainer trainer = new([.. model.Model.Parameters, .. critic.Parameters], new PpoObjective(model.Model, critic, options.Loss), train, workers: model.Workers)) trainer.Run(source, Silent());
        return Measure(kl);
    }

    private TlArm Measure(double kl) => new(Calls(seen), Calls(unseen), kl);

    private TlCalls Calls(List<Row> test)
    {
        ToolCallFault[] greedy = Faults(test, SamplingOptions.Greedy), drawn = Faults(test, new SamplingOptions { Temperature = 1 });
        return new(
            Share(greedy, f => f == ToolCallFault.None), Share(greedy, ToolCallReward.NamesRightTool),
            Share(drawn, f => f != ToolCallFault.None), Share(drawn, f => f == ToolCallFault.UnknownTool));
    }

    private ToolCallFault[] Faults(List<Row> test, SamplingOptions sampling)
    {
        ToolCallChecker checker = new();
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. test.Select((row, i) => new GenerationRequest
        {
            Prompt = model.Text.Prompt(row.Text("question")), MaxTokens = 40, Sampling = sampling, StopIds = model.Text.EndIds, Seed = i,
        })], cancellation: run.Cancellation);
        return [.. results.Select(r => checker.Fault(test[r.Request], r.Text))];
    }

    private static TextModel NewModel(RunContext run) => ExperimentModel.Create(ToolTask.CreateTokenizer(), run);

    private List<Row> Tasks(List<Trajectory> trajectories, ErrorTurnFilter? filter) => new TlExamples(model.Text, new TlOptions { MaxLength = 0 }).Tasks(Short(trajectories, filter));

    private static List<TlSample> Short(List<Trajectory> trajectories, ErrorTurnFilter? filter) => [.. TlExamples.Samples(trajectories, filter).Select(s => s with { Prompt = ToolTask.Prompt(s) })];

    private RunContext Silent() => new("", run.Seed, null, run.Cancellation);

    private static double Share(ToolCallFault[] faults, Func<ToolCallFault, bool> test) => faults.Count(test) / (double)faults.Length;
}
