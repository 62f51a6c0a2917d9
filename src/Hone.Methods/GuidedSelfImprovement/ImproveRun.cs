using System.Diagnostics;
using Hone.Core;
using Hone.Data;
using Hone.Evaluation.TailMetrics;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>Everything an improvement run ends with.</summary>
public sealed record ImproveOutcome(
    ImproveTask Task, ImproveOptions Options, string Guidance, int LoraRank, TaskResult Before, TaskResult After, int ValidationBefore,
    IReadOnlyList<RoundResult> Rounds, int BestRound, double Seconds, bool IsOutOfTime);

/// <summary>
/// The loop of Guided Self-Improvement on a model and a task: evaluate, then for each round sample with guided redraws,
/// fine-tune on what was right, and measure on the validation questions; the best round is kept and compared with the
/// start on test questions nobody trained on. Every finished piece is on disk, and a rerun takes it from there.
/// </summary>
public sealed class ImproveRun
{
    private readonly TextModel model;
    private readonly ImproveTask task;
    private readonly ImproveOptions options;
    private readonly RunContext run;
    private readonly Guidance guidance;
    private readonly int loraRank, maxTokens;
    private readonly List<PoolItem> pool;
    private readonly WeightSnapshot start;
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private int[]? levels;
    private List<KeptSolution> lastRows = [];

    /// <param name="model">Changed in place; holds the best round at the end.</param>
    /// <param name="task">Questions and judge.</param>
    /// <param name="options">Settings, already effective and valid.</param>
    /// <param name="run">Folder, seed, reporter.</param>
    public ImproveRun(TextModel model, ImproveTask task, ImproveOptions options, RunContext run)
    {
        (this.model, this.task, this.options, this.run) = (model, task, options, run);
        loraRank = options.LoraRank >= 0 ? options.LoraRank : model.Model.ParameterCount >= 20_000_000 ? 8 : 0;
        guidance = Possible(GuidanceNames.Parse(options.Guidance));
        pool = [.. task.Pool.Select(r => new PoolItem(r.Id, r.Text("question"), r.Text("answer"), r.OptionalText("rationale"), r))];
        maxTokens = options.MaxTokens > 0 ? options.MaxTokens : DefaultMaxTokens();
        start = new WeightSnapshot(model.Model);
    }

    /// <summary>Runs to the end, or takes up where an earlier run stopped.</summary>
    public ImproveOutcome Run()
    {
        run.Reporter.Line($"{task.Name}: {task.Pool.Count} questions to learn from, {task.Validation.Count} to choose by, {task.Test.Count} to test; {task.CheckerReason}");
        TaskResult before = Evaluate("before", task.Test, "before: test questions");
        TaskResult validation = Evaluate("validation-before", task.Validation, "before: validation questions");
        int cut = before.Answers.Count(a => a.Truncated);
        if (2 * cut > before.Answers.Count)
            run.Reporter.Line($"{cut} of {before.Answers.Count} answers were cut off at {maxTokens} tokens, the length of the references and a half: a model that explains itself needs more, for example --set max_tokens=256.");
        run.Reporter.Line($"before: {before.Accuracy:P1} of the test questions, {validation.Accuracy:P1} of the validation questions");
        List<RoundResult> rounds = Rounds();
        RoundResult? best = rounds.Where(r => r.ValidationRight > validation.Right).OrderByDescending(r => r.ValidationRight).ThenBy(r => r.Round).FirstOrDefault();
        TaskResult after = before;
        if (best is null)
        {
            start.Restore();
            run.Reporter.Line("no round did better than the start on the validation questions: the model is handed back unchanged.");
        }
        else
        {
            LoadRound(best.Round);
            after = Evaluate($"after-round-{best.Round}", task.Test, "after: test questions");
        }
        return new(task, options, guidance.Name(), loraRank, before, after, validation.Right, rounds, best?.Round ?? -1, clock.Elapsed.TotalSeconds, IsOutOfTime);
    }

    private bool IsOutOfTime => options.BudgetMinutes > 0 && clock.Elapsed.TotalMinutes >= options.BudgetMinutes;

    private List<RoundResult> Rounds()
    {
        List<RoundResult> rounds = [];
        bool seedFirst = options.SeedSet == "yes" || (options.SeedSet == "auto" && !task.IsBuiltIn);
        if (seedFirst && Finish(0, SeedRound) is { } taught) rounds.Add(taught);
        if (seedFirst && task.IsAnswerOnly && options.Rounds > 0)
        {
            run.Reporter.Line("answers are all there is to a solution here, so sampling could only give the references back: training on the references is the whole job.");
            return rounds;
        }
        for (int round = 1; round <= options.Rounds; round++)
        {
            if (IsOutOfTime)
            {
                run.Reporter.Line($"the budget of {options.BudgetMinutes} minutes is used up before round {round}.");
                break;
            }
            int number = round;
            if (Finish(number, () => SamplingRound(number)) is not { } result) break;
            rounds.Add(result);
        }
        return rounds;
    }

    /// <summary>A finished round from disk, or the work; null where there was nothing to train on.</summary>
    private RoundResult? Finish(int round, Func<RoundResult?> work)
    {
        string path = RoundPath(round, "result.json");
        if (RoundResult.Read(path) is { } done)
        {
            Recall(round, done);
            LoadRound(round);
            run.Reporter.Line($"round {round}: {done.ValidationAccuracy:P1} of the validation questions (from an earlier run)");
            return done;
        }
        if (work() is not { } result) return null;
        result.Write(path);
        run.Reporter.Line($"round {round}: {result.ValidationAccuracy:P1} of the validation questions, trained on {result.TrainingRows} rows");
        return result;
    }

    /// <summary>What later rounds need to know of a finished one; its draws are all in the log.</summary>
    private void Recall(int round, RoundResult done)
    {
        if (done.Sampling is null) return;
        levels ??= Levels(done.Sampling.UnguidedHits);
        if (options.Merge == "previous") lastRows = TrainingSet.Choose(Sample(round).Kept, options);
    }

    private int[] Levels(int[] unguidedHits) => [.. unguidedHits.Select(h => Difficulty.LevelOf((double)h / options.Draws))];

    private RoundResult SeedRound() => Train(0, TrainingSet.Seed(pool, model.Text), null, 0);

    private RoundResult? SamplingRound(int round)
    {
        Stopwatch sampling = Stopwatch.StartNew();
        SamplingOutcome outcome = Sample(round);
        if (outcome.Kept.Count == 0)
        {
            run.Reporter.Line($"round {round}: not one sampled solution was right, so there is nothing to learn from. Start from the references (--seed-set yes), or from a stronger model.");
            return null;
        }
        List<KeptSolution> rows = TrainingSet.Choose(outcome.Kept, options);
        List<TrainingExample> examples = TrainingSet.Examples(rows, model.Text);
        if (options.Merge == "seed") examples.AddRange(TrainingSet.Seed(pool, model.Text));
        if (options.Merge == "previous") examples.AddRange(TrainingSet.Examples(lastRows, model.Text));
        lastRows = rows;
        return Train(round, examples, Figures(outcome, rows), sampling.Elapsed.TotalSeconds);
    }

    private SamplingOutcome Sample(int round)
    {
        LocalSampler sampler = new(model, task.Checker, run.Seed, options.Temperature, maxTokens, Teach);
        using SamplingLog log = new(RoundPath(round, "samples.jsonl"));
        SamplingBudget budget = new() { Draws = options.Draws, Target = options.Target, Redraws = options.Redraws };
        using SamplingProgress progress = new(run.Reporter, round, (long)pool.Count * options.Draws);
        return new GuidedSampling(sampler, budget, guidance, log).Run(pool, round, progress.Advance, run.Cancellation);
    }

    private RoundResult Train(int round, List<TrainingExample> examples, SamplingFigures? figures, double sampleSeconds)
    {
        if (options.TrainFrom == "base") start.Restore();
        RunContext inner = new(RoundPath(round, "training"), run.Seed, run.Reporter, run.Cancellation);
        ShuffledSource source = new(examples, run.Rng($"shuffle/round={round}"));
        (TrainingSummary summary, LoraModel? adapter) = FineTuning.Run(model, source, options.Train, loraRank, inner);
        adapter?.Merge();
        SaveRound(round);
        Directory.Delete(Path.Combine(inner.Folder, "checkpoints"), recursive: true); // the round's weights are saved now
        TaskResult validation = Evaluate($"rounds/round-{round}/validation", task.Validation, $"round {round}: validation questions");
        return new RoundResult
        {
            Round = round,
            ValidationRight = validation.Right,
            ValidationCount = validation.Count,
            TrainingRows = examples.Count,
            Losses = summary.Losses,
            SampleSeconds = sampleSeconds,
            TrainSeconds = summary.Seconds,
            TrainedTokens = summary.Tokens,
            Sampling = figures,
        };
    }

    private SamplingFigures Figures(SamplingOutcome outcome, List<KeptSolution> rows)
    {
        // Difficulty is fixed once, by the first sampling, so that rounds can be compared.
        levels ??= Levels(outcome.UnguidedHits);
        int[] lengths = [.. pool.Select(i => Length(TaskRows.Completion(i.Row)))];
        return new(
            outcome.Draws, outcome.Tokens, outcome.UnguidedHits, outcome.Hits, outcome.RedrawSizes,
            Tail(outcome.UnguidedHits, outcome.Kept.Where(k => k.Guidance == Guidance.None), lengths), Tail(outcome.Hits, rows, lengths),
            rows.Count(k => k.Item.Rationale is not null && k.Text.Trim() == TaskRows.Completion(k.Item.Row).Trim()));
    }

    private TailReport Tail(int[] hits, IEnumerable<KeptSolution> kept, int[] lengths)
    {
        ILookup<string, KeptSolution> byItem = kept.ToLookup(k => k.Item.Id);
        return TailCalculator.Compute(
            [.. pool.Select((item, i) => new QuestionOutcome(item.Id, levels![i], hits[i], [.. byItem[item.Id].Select(k => new Evaluation.TailMetrics.KeptSolution(k.Text, Length(k.Text)))]))],
            options.Target, lengths);
    }

    private TaskResult Evaluate(string name, IReadOnlyList<Row> rows, string title) => AnswerFile.ReadOrMake(
        run.PathOf($"{name}.jsonl"), rows, () => TaskEvaluation.Run(model, rows, task.Checker, maxTokens, title, run));

    private string? Teach(PoolItem item, string wrong) => Evaluation.Tasks.StepVerifier.ReferenceOf(item.Row) is null ? null : RuleTeacher.Correct(item.Row, wrong);

    private Guidance Possible(Guidance wanted)
    {
        if (task.HasRationales || wanted is not (Guidance.Rationale or Guidance.StateReset)) return wanted;
        run.Reporter.Line($"rows without a rationale: guidance by {wanted.Name()} is skipped, the reference answer is the hint instead.");
        return Guidance.Answer;
    }

    private int DefaultMaxTokens() => Math.Max(16, task.Pool.Max(r => Length(TaskRows.Completion(r))) * 3 / 2);

    private int Length(string text) => model.Tokenizer.Encode(text, addSpecialTokens: false).Length;

    private string RoundPath(int round, string name) => run.PathOf("rounds", $"round-{round}", name);

    /// <summary>All weights of a round, as fp32: a rerun goes on from the same bits.</summary>
    private void SaveRound(int round) => SafetensorsWriter.Save(
        RoundPath(round, "weights.safetensors"), model.Model.Parameters.Select(p => p.Value.ToWeightSource(p.Name)));

    private void LoadRound(int round)
    {
        string path = RoundPath(round, "weights.safetensors");
        using SafetensorsFile file = new(path);
        foreach (Parameter parameter in model.Model.Parameters) file.ReadTensor(path, parameter.Name, parameter.Value);
    }
}
