using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Rewards;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.Preference;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Training;

namespace Hone.Methods.OnPolicy;

/// <summary>How large the comparison is.</summary>
internal sealed record GrpoSize(int Test, int Steps)
{
    public static GrpoSize Full { get; } = new(300, 300);

    public static GrpoSize Quick { get; } = new(60, 8);
}

/// <summary>What one way of learning came to on one seed.</summary>
/// <param name="Accuracy">Share of held-out problems answered rightly.</param>
/// <param name="Seconds">Training, sampling included where the arm samples.</param>
/// <param name="Rows">Completions or pairs it learnt from.</param>
internal sealed record GrpoArm(double Accuracy, double Seconds, int Rows);

/// <summary>
/// One seed of the comparison: GRPO from the weak model, and from the same weights the two offline ways to use the very completions
/// that GRPO drew: DPO on pairs of a right and a wrong one of the same prompt, and supervised training on the right ones.
/// </summary>
internal sealed class GrpoExperiment
{
    private const int MaxTokens = 128, Generations = 8, Pool = 4000;
    private readonly TextModel model;
    private readonly GrpoSize size;
    private readonly RunContext run;
    private readonly WeightSnapshot start;
    private readonly IReadOnlyList<Row> pool, test;
    private readonly IChecker checker;
    private readonly List<(RewardItem Item, double Reward)> drawn = [];

    public GrpoExperiment(TextModel model, GrpoSize size, RunContext run)
    {
        (this.model, this.size, this.run) = (model, size, run);
        start = new WeightSnapshot(model.Model);
        pool = WordProblems.Take(ProblemSplit.Train, run.Seed + 1000, Pool);
        test = WordProblems.Take(ProblemSplit.HeldOut, run.Seed + 2000, size.Test);
        checker = CheckerRegistry.Choose(pool).Checker;
        Before = Evaluate();
    }

    /// <summary>Accuracy before any training.</summary>
    public double Before { get; }

    /// <summary>GRPO; keeps what it draws for the other arms.</summary>
    public GrpoArm Grpo()
    {
        start.Restore();
        drawn.Clear();
        FunctionReward reward = new(checker.Name, item =>
        {
            Score score = checker.Check(item.Row, item.Output);
            drawn.Add((item, score.Value ?? 0));
            return score;
        });
        GrpoRecipeOptions options = Settings(size.Steps);
        return Timed(() => RolloutRecipes.Grpo(model, Rows(pool, RowKind.Task), options, run, dryRun: false, new RewardSet([reward])), () => drawn.Count);
    }

    /// <summary>DPO, one pass over up to two pairs of each prompt's completions.</summary>
    public GrpoArm Dpo()
    {
        start.Restore();
        List<Row> pairs = Pairs();
        if (pairs.Count == 0) return new(Before, 0, 0);
        DpoRecipeOptions options = new() { MaxLength = 0, Train = new() { Epochs = 1, Batch = 16, Lr = 1e-4, MicroTokens = 8192 } };
        return Timed(() => PreferenceRecipes.Dpo(model, Rows(pairs, RowKind.Preference), options, run, dryRun: false), () => pairs.Count);
    }

    /// <summary>Supervised training, one pass over the different right completions.</summary>
    public GrpoArm Supervised()
    {
        start.Restore();
        List<Row> rows = [.. drawn.Where(d => d.Reward >= 1).DistinctBy(d => (d.Item.Prompt, d.Item.Output))
            .Select((d, i) => new Row($"{i}", Learnt(d.Item, "completion")))];
        if (rows.Count == 0) return new(Before, 0, 0);
        SftOptions options = new() { MaxLength = 0, Train = new() { Epochs = 1, Batch = 32, Lr = 5e-4, MicroTokens = 8192 } };
        return Timed(() => SftRecipe.Run(model, Rows(rows, RowKind.PromptCompletion), options, run), () => rows.Count);
    }

    /// <summary>The settings of recipes/grpo.yaml, found on the validation problems of another seed.</summary>
    internal static GrpoRecipeOptions Settings(int steps) => new()
    {
        NumGenerations = Generations,
        MaxCompletionLength = MaxTokens,
        Loss = new() { LossType = "dapo", EpsilonHigh = 0.28 },
        Train = new() { Steps = steps, Batch = 64, Lr = 3e-4, Schedule = "linear", Warmup = 0.05, MicroTokens = 8192, CheckpointEvery = 0 },
    };

    private List<Row> Pairs()
    {
        List<Row> pairs = [];
        RandomStream random = run.Rng("pairs");
        foreach ((RewardItem Item, double Reward)[] group in drawn.Chunk(Generations))
        {
            RewardItem[] right = [.. group.Where(d => d.Reward >= 1).Select(d => d.Item).DistinctBy(i => i.Output)], wrong = [.. group.Where(d => d.Reward < 1).Select(d => d.Item).DistinctBy(i => i.Output)];
            random.Shuffle<RewardItem>(right);
            random.Shuffle<RewardItem>(wrong);
            for (int i = 0; i < Math.Min(2, Math.Min(right.Length, wrong.Length)); i++)
            {
                JsonObject pair = Learnt(right[i], "chosen");
                pair["rejected"] = Learnt(wrong[i], "rejected")["rejected"]!.DeepClone();
                pairs.Add(new($"{pairs.Count}", pair));
            }
        }
        return pairs;
    }

    /// <summary>Prompt and completion in the form in which the model was asked and answered: through its template.</summary>
    private JsonObject Learnt(RewardItem item, string side)
    {
        JsonObject fields = PromptRows.Answered(item.Row, item.Output, model.Text.HasTemplate).Fields;
        return new JsonObject { ["prompt"] = fields["prompt"]!.DeepClone(), [side] = fields["answer"]!.DeepClone() };
    }

    private GrpoArm Timed(Func<JsonObject> train, Func<int> rows)
    {
        Stopwatch clock = Stopwatch.StartNew();
        train();
        double seconds = clock.Elapsed.TotalSeconds;
        return new(Evaluate(), seconds, rows());
    }

    private double Evaluate() => TaskEvaluation.Run(model, test, checker, MaxTokens, "test", run).Accuracy;

    private static Dataset Rows(IReadOnlyList<Row> rows, RowKind kind) => new(rows, kind, "generated", "", 0, []);
}
