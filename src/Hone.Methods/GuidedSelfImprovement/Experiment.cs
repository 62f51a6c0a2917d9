using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.TailMetrics;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Batching;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>How large an experiment is.</summary>
internal sealed record ExperimentSize(int Pool, int Test, int Iterations, int Draws, int Target, int Redraws, int BruteRedraws, double Epochs)
{
    public static ExperimentSize Full { get; } = new(150, 150, 3, 4, 2, 8, 48, 3);

    public static ExperimentSize Quick { get; } = new(40, 40, 2, 2, 2, 2, 4, 1);
}

/// <summary>What one arm came to on one seed.</summary>
internal sealed record ArmResult(
    int TotalDraws, IReadOnlyList<double> Coverage, IReadOnlyList<double> TailRatios, double Accuracy, double HardAccuracy,
    double StartAccuracy, double StartHardAccuracy, double ReferenceShare);

/// <summary>One seed of the experiment: pool, test and start weights shared by all arms.</summary>
internal sealed class Experiment
{
    private const int FirstTier = 1, Tiers = 5, MaxTokens = 120;
    private readonly TextModel model;
    private readonly ExperimentSize size;
    private readonly RunContext run;
    private readonly List<PoolItem> pool;
    private readonly List<Row> test;
    private readonly WeightSnapshot start;
    private readonly EquationStepsChecker checker = new();
    private readonly TaskResult before;

    public Experiment(TextModel model, ExperimentSize size, RunContext run)
    {
        (this.model, this.size, this.run) = (model, size, run);
        start = new WeightSnapshot(model.Model);
        pool = [.. Problems(ProblemSplit.Train, size.Pool).Select(r => new PoolItem(r.Id, r.Text("question"), r.Text("answer"), r.Text("rationale"), r))];
        test = Problems(ProblemSplit.HeldOut, size.Test);
        before = Evaluate();
    }

    /// <summary>Runs one arm from the start weights.</summary>
    public ArmResult Run(Guidance guidance, int draws, int redraws)
    {
        start.Restore();
        SamplingBudget budget = new() { Draws = draws, Target = size.Target, Redraws = redraws };
        List<double> coverage = [], tail = [];
        int total = 0, copies = 0, rows = 0;
        for (int t = 0; t < size.Iterations; t++)
        {
            LocalSampler sampler = new(model, checker, run.Seed, 0.7, MaxTokens, (item, wrong) => RuleTeacher.Correct(item.Row, wrong));
            using SamplingLog log = new(null);
            SamplingOutcome outcome = new GuidedSampling(sampler, budget, guidance, log).Run(pool, t, null, run.Cancellation);
            TailReport report = Tail(outcome);
            coverage.Add(report.Coverage);
            tail.Add(report.TailRatio);
            total += outcome.Draws;
            copies += outcome.Kept.Count(k => k.Text.Trim() == TaskRows.Completion(k.Item.Row).Trim());
            rows += outcome.Kept.Count;
            Train(outcome, t);
        }
        TaskResult after = Evaluate();
        return new(total, coverage, tail, after.Accuracy, Hard(after), before.Accuracy, Hard(before), rows == 0 ? 0 : (double)copies / rows);
    }

    private void Train(SamplingOutcome outcome, int iteration)
    {
        start.Restore(); // the paper's code trains every iteration from the base model
        if (outcome.Kept.Count == 0) return;
        TrainOptions options = new() { Epochs = size.Epochs, Batch = 32, MicroTokens = 8192, Lr = 1e-3, Beta2 = 0.95 };
        ShuffledSource source = new(TrainingSet.Examples(outcome.Kept, model.Text), run.Rng($"shuffle/{iteration}"));
        FineTuning.Run(model, source, options, 0, new RunContext("", run.Seed, null, run.Cancellation));
    }

    /// <summary>Difficulty is the number of steps: given, and the same for every arm and iteration.</summary>
    private TailReport Tail(SamplingOutcome outcome)
    {
        ILookup<string, KeptSolution> kept = outcome.Kept.ToLookup(k => k.Item.Id);
        return TailCalculator.Compute(
            [.. pool.Select((item, i) => new QuestionOutcome(
                item.Id, (int)item.Row.Fields["k"]! - FirstTier + 1, outcome.Hits[i], [.. kept[item.Id].Select(k => new Evaluation.TailMetrics.KeptSolution(k.Text, k.Text.Length))]))],
            size.Target, [.. pool.Select(i => i.Rationale!.Length)]);
    }

    private TaskResult Evaluate() => TaskEvaluation.Run(model, test, checker, MaxTokens, "test", run);

    private static double Hard(TaskResult result) => result.Answers.Where(a => (int)a.Row.Fields["k"]! >= 4).Average(a => a.Score.Passes ? 1.0 : 0.0);

    private List<Row> Problems(ProblemSplit split, int count) => [.. Enumerable.Range(FirstTier, Tiers).SelectMany(steps => WordProblems
        .Take(split, run.Seed + 7000, count / Tiers, new WordProblemOptions { MinSteps = steps, MaxSteps = steps })
        .Select(row => row with { Id = $"{steps} steps/{row.Id}" }))];
}
