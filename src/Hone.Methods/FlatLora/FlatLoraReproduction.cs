using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;
using Hone.Models.Text;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Perturbation;

namespace Hone.Methods.FlatLora;

/// <summary>
/// The card's experiment on the built-in model: few rows of a kind of story it has not seen, a tenth of them with wrong solutions, and
/// the same steps with every adapter; the start is measured too. Sharpness is measured on rows that were not trained on.
/// </summary>
[Reproduces("flat-lora")]
public sealed class FlatLoraReproduction : IReproduction
{
    private const string Start = "start", Plain = "LoRA", Sam = "LoRA-SAM 0.05";
    private const double Probe = 0.2; // strength at which sharpness is measured, as on the card
    private static readonly double[] Sigmas = [0.05, 0.15, 0.3, 0.6];

    private sealed record Size(int Rows, int Steps, int Batch, int Test, int Directions)
    {
        public static Size Full { get; } = new(120, 60, 12, 80, 4);

        public static Size Quick { get; } = new(30, 8, 8, 16, 2);
    }

    /// <summary>What one arm came to on one seed.</summary>
    private sealed record Outcome(double Accuracy, double Shifted, double Sharpness, double Loss);

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        Size size = options.IsQuick ? Size.Quick : Size.Full;
        (string Name, TrainerSettings? Settings)[] arms = Arms();
        string path = Assets.Require("models/seed-weak");
        using IProgressTask progress = run.Reporter.Start("flat-lora", (long)options.Seeds * arms.Length, "arms");
        Dictionary<string, List<Outcome>> results = SideBySide.Run<Outcome>(options.Seeds, [.. arms.Select(arm => (arm.Name, (Func<int, Outcome>)(s =>
        {
            RunContext seeded = new("", run.Seed + s, null, run.Cancellation);
            Outcome outcome = RunArm(TextModel.Open(path), Rows.Draw(size.Rows, size.Test, seeded), arm.Settings, size, seeded);
            progress.Advance(1, $"seed {s + 1}, {arm.Name}: {outcome.Accuracy:P1}, sharpness {outcome.Sharpness:0.000}");
            return outcome;
        })))]);
        return Task.FromResult(new ReproductionResult([.. Claims(results)], [Table(results)]));
    }

    private static (string Name, TrainerSettings? Settings)[] Arms() =>
    [
        (Start, null),
        (Plain, new()),
        .. Sigmas.Select(s => (Flat(s), (TrainerSettings?)new TrainerSettings { FlatSigma = s })),
        ("Flat-LoRA 0.3, constant", new() { FlatSigma = 0.3, FlatSchedule = NoiseSchedule.Const }),
        (Sam, new() { SamRho = 0.05 }),
        ("rsLoRA", new() { AdapterType = AdapterKind.Rslora }),
        ("DoRA", new() { AdapterType = AdapterKind.Dora }),
        ("PiSSA", new() { AdapterType = AdapterKind.Pissa }),
    ];

    private static string Flat(double sigma) => $"Flat-LoRA {sigma:0.##}";

    private sealed record TrainerSettings : TrainerOptions;

    /// <summary>Rows of one seed.</summary>
    private sealed record Rows(IReadOnlyList<(string Question, string Solution)> Train, IReadOnlyList<Row> Test, IReadOnlyList<Row> Shifted)
    {
        public static Rows Draw(int train, int test, RunContext run)
        {
            RandomStream random = run.Rng("flat-lora/labels");
            WordProblem[] problems = [.. WordProblems.Stream(ProblemSplit.UnseenTemplates, run.Seed).DistinctBy(p => p.Question).Take(train + test)];
            return new(
                [.. problems.Take(train).Select((p, i) => (p.Question, i % 10 == 0 ? Corruption.Corrupt(p, random.Derive(i)) : p.Solution))],
                [.. problems.Skip(train).Select(p => p.ToRow())], WordProblems.Take(ProblemSplit.UnseenNames, run.Seed, test));
        }
    }

    private static Outcome RunArm(TextModel model, Rows rows, TrainerSettings? settings, Size size, RunContext run)
    {
        TrainerSettings options = (settings ?? new()) with
        {
            LoraRank = 4,
            Train = new() { Steps = size.Steps, Batch = size.Batch, MicroTokens = 8192, Lr = 5e-3, Schedule = "cosine", Warmup = 0.03 },
        };
        LoraModel adapter = LoraModel.Attach(model.Model, GradientRules.AdapterOf(options), run.Rng("lora/init"), model.Workers);
        SupervisedObjective objective = new(model.Model);
        ShuffledSource source = new([.. rows.Train.Select(r => Example(model.Text, r.Question, r.Solution))], run.Rng("shuffle"));
        IGradientRule? rule = GradientRules.Of(options, model, adapter, adapter.Parameters, size.Steps, run);
        if (settings is not null)
        {
            using Trainer trainer = new(adapter.Parameters, objective, options.Train, rule, model.Workers);
            trainer.Run(source, run);
        }
        List<TrainingBatch> held = TrainingBatch.Split([.. rows.Test.Select(r => Example(model.Text, r.Text("question"), TaskSolution(r)))], 8192);
        SharpnessPoint point = Sharpness.Measure(
            FlatRule.LayersOf(model.Model, adapter), () => Sharpness.MeanLoss(objective, held, model.Workers), [Probe], size.Directions, run.Rng("sharpness"), model.Workers)[0];
        adapter.Merge();
        double Accuracy(IReadOnlyList<Row> test) => TaskEvaluation.Run(model, test, new EquationStepsChecker(), 96, "test", run).Accuracy;
        return new(Accuracy(rows.Test), Accuracy(rows.Shifted), point.Rise, point.Base);
    }

    private static string TaskSolution(Row row) => $"{row.Text("rationale")}\n{WordProblem.AnswerMark}{row.Text("answer")}";

    private static TrainingExample Example(ModelText text, string question, string solution)
    {
        TokenizedCompletion tokens = text.QuestionAndAnswer(question, solution);
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<Outcome>> results)
    {
        for (int i = 1; i < Sigmas.Length; i++)
            yield return Claim.AtMost(
                $"More noise, flatter ground: {Sigmas[i]:0.##} against {Sigmas[i - 1]:0.##}.", "sharpness, ratio", Ratio(results[Flat(Sigmas[i])], results[Flat(Sigmas[i - 1])]), 1);
        foreach (double sigma in Sigmas.Where(s => s >= 0.15))
        {
            yield return Claim.AtMost(
                $"{Flat(sigma)} ends on flatter ground than LoRA.", "sharpness divided by LoRA's", Ratio(results[Flat(sigma)], results[Plain]), 1);
        }
        yield return Claim.AtMost(
            "… and on flatter ground than LoRA-SAM, at half its cost.", "sharpness of Flat-LoRA 0.6 divided by LoRA-SAM's", Ratio(results[Flat(0.6)], results[Sam]), 1);
        string best = Sigmas.Select(Flat).MaxBy(name => results[name].Average(o => o.Accuracy))!;
        yield return Claim.AtLeast(
            "The best strength is not less accurate than LoRA by more than 0.2 points.", $"test accuracy of {best} minus LoRA's",
            OverSeeds.Difference(results[best], results[Plain], o => o.Accuracy), -0.002, "the strength was chosen on the same test rows, which favours it");
    }

    private static Measured Ratio(List<Outcome> arm, List<Outcome> baseline) => OverSeeds.Mean(arm.Zip(baseline, (a, b) => a.Sharpness / b.Sharpness));

    private static ResultTable Table(Dictionary<string, List<Outcome>> results) => new(
        "Mean over seeds", ["adapter", "test accuracy", "other names", $"sharpness at {Probe}", "test loss"],
        [.. results.Select(r => (IReadOnlyList<string>)[
            r.Key, $"{r.Value.Average(o => o.Accuracy):P1}", $"{r.Value.Average(o => o.Shifted):P1}", $"{r.Value.Average(o => o.Sharpness):0.0000}", $"{r.Value.Average(o => o.Loss):0.0000}"])]);
}
