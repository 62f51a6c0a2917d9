using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Tasks;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Rise;

/// <summary>
/// The card's experiment with the model as its own editor: the built-in weak model is taught the edit format once, then every arm starts from it and
/// takes the same number of steps.
/// </summary>
[Reproduces("rise")]
public sealed class RiseReproduction : IReproduction
{
    private const string Full = "full pairs only (DPO)", Edit = "edit pairs only", Rise = "RISE", NoNll = "RISE without NLL";

    private sealed record Size(int TeachingSteps, int Questions, int Steps, int Test)
    {
        public static Size FullSize { get; } = new(150, 200, 40, 200);

        public static Size Quick { get; } = new(40, 40, 6, 30);
    }

    /// <summary>What one arm came to on one seed.</summary>
    /// <param name="Accuracy">Share of test problems with every step right.</param>
    /// <param name="Slips">Share of wrong answers whose first error is one of arithmetic.</param>
    /// <param name="ChosenLogP">Mean log π of the chosen text of the edit pairs, at the end.</param>
    /// <param name="OnEdit">Share of the implicit reward's difference that lies on the edited tokens and later ones.</param>
    private sealed record Outcome(double Accuracy, double Slips, double ChosenLogP, double OnEdit);

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        Size size = options.IsQuick ? Size.Quick : Size.FullSize;
        using TaughtArms experiment = new("rise", options.Seeds * 5L, run, model =>
            TaughtArms.Train(model, new SupervisedObjective(model.Model), RiseTeachRecipe.Source(model.Text, 0.5, run.Seed), size.TeachingSteps, 32, 1e-3, run));
        IReadOnlyList<Seed> seeds = experiment.Prepare([.. Enumerable.Range(0, options.Seeds)], (model, seeded) => Seed.Of(model, size, seeded), s => $"{s.Accuracy:P1}, {s.Pairs.Count} pairs");
        Dictionary<string, List<Outcome>> arms = experiment.Run<Seed, Outcome>(
            seeds, [.. Arms.Select(arm => (arm.Name, (Func<TextModel, Seed, Outcome>)((model, seed) => Learn(model, arm.Pairs(seed), arm.Nll, size, seed))))], o => $"{o.Accuracy:P1}");
        SortedDictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach ((string what, int count) in seeds.SelectMany(s => s.Counts)) counts[what] = counts.GetValueOrDefault(what) + count;
        List<double> before = [.. seeds.Select(s => s.Accuracy)];
        return Task.FromResult(new ReproductionResult([.. Claims(arms, before, counts)], [Table(arms, before), Edits(counts)]));
    }

    private static readonly (string Name, Func<Seed, IReadOnlyList<RisePair>> Pairs, double Nll)[] Arms =
    [
        (Full, s => [.. s.Pairs.Where(p => !p.IsEdit)], 0), (Edit, s => [.. s.Pairs.Where(p => p.IsEdit)], 1), (Rise, s => s.Pairs, 1), (NoNll, s => s.Pairs, 0),
    ];

    private static readonly RiseOptions Settings = new() { Temperature = 1, TopP = 1, MaxCompletionLength = 96, Wording = EditWording.Short, Edits = 1 };

    /// <summary>What all arms of a seed have in common.</summary>
    /// <param name="Run">The seed.</param>
    /// <param name="Test">Problems nobody trained on.</param>
    /// <param name="Accuracy">Of the start.</param>
    /// <param name="Pairs">Made by the start.</param>
    /// <param name="Counts">What became of questions and edits.</param>
    private sealed record Seed(RunContext Run, IReadOnlyList<Row> Test, double Accuracy, IReadOnlyList<RisePair> Pairs, IReadOnlyDictionary<string, int> Counts)
    {
        public static Seed Of(TextModel start, Size size, RunContext run)
        {
            IReadOnlyList<Row> test = WordProblems.Take(ProblemSplit.HeldOut, run.Seed, size.Test);
            double accuracy = TaskEvaluation.Run(start, test, new EquationStepsChecker(), 96, "test", run).Accuracy;
            RiseBuilder builder = new(start, new EquationStepsChecker(), new ModelErrorInjector(start, EditWording.Short), Settings, run);
            IReadOnlyList<RisePair> pairs = builder.Build(WordProblems.Take(ProblemSplit.Train, run.Seed + 77, size.Questions), null);
            return new(run, test, accuracy, pairs, builder.Counts);
        }
    }

    private static Outcome Learn(TextModel model, IReadOnlyList<RisePair> pairs, double nll, Size size, Seed seed)
    {
        RiseOptions options = Settings with { NllWeight = nll };
        RunContext run = seed.Run;
        List<TrainingExample> Referenced(IReadOnlyList<RisePair> of) =>
            ReferenceLogProbs.AddTo(model.Model, RiseRecipe.Examples(model, of, options, out _), "", 8192, model.Workers, IReporter.Silent);
        List<TrainingExample> watched = Referenced([.. seed.Pairs.Where(p => p.IsEdit)]);
        if (pairs.Count > 0) TaughtArms.Train(model, RiseRecipe.ObjectiveOf(model, options), new ShuffledSource(Referenced(pairs), run.Rng("rise/shuffle")), size.Steps, 16, 1e-4, run);
        TaskResult result = TaskEvaluation.Run(model, seed.Test, new EquationStepsChecker(), 96, "test", run);
        TaskAnswer[] wrong = [.. result.Answers.Where(a => !a.Score.Passes)];
        double slips = wrong.Length == 0 ? 0 : wrong.Average(a => StepVerifier.Judge(a.Row, a.Output).FirstError is { Label: StepLabel.ArithmeticSlip } ? 1.0 : 0);
        (double chosen, double onEdit) = Look(model, watched);
        return new(result.Accuracy, slips, chosen, onEdit);
    }

    /// <summary>Mean log-probability of the chosen texts, and where the implicit rewards of a pair differ.</summary>
    private static (double Chosen, double OnEdit) Look(TextModel model, List<TrainingExample> watched)
    {
        if (watched.Count == 0) return (double.NaN, double.NaN);
        List<TrainingExample> now = ReferenceLogProbs.AddTo(model.Model, watched, "", 8192, model.Workers, IReporter.Silent);
        double chosen = 0, on = 0, all = 0;
        for (int e = 0; e < now.Count; e++)
        {
            (double[] better, double[] worse) = (Ratios(now[e], watched[e], 0), Ratios(now[e], watched[e], 1));
            chosen += now[e].Sequences[0].TargetPlaces().Sum(i => (double)now[e].Sequences[0].Reference![i]);
            int common = Common(now[e]);
            for (int i = 0; i < Math.Max(better.Length, worse.Length); i++)
            {
                double difference = Math.Abs((i < better.Length ? better[i] : 0) - (i < worse.Length ? worse[i] : 0));
                all += difference;
                if (i >= common) on += difference;
            }
        }
        return (chosen / now.Count, all == 0 ? double.NaN : on / all);
    }

    private static double[] Ratios(TrainingExample now, TrainingExample reference, int side) =>
        [.. now.Sequences[side].TargetPlaces().Select(i => (double)now.Sequences[side].Reference![i] - reference.Sequences[side].Reference![i])];

    /// <summary>Tokens that both answers begin with.</summary>
    private static int Common(TrainingExample example)
    {
        int[] Answer(TrainingSequence s) => [.. s.TargetPlaces().Select(i => s.Ids[i])];
        return Answer(example.Sequences[0]).AsSpan().CommonPrefixLength(Answer(example.Sequences[1]));
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<Outcome>> arms, List<double> before, SortedDictionary<string, int> counts)
    {
        yield return Claim.AtLeast(
            "RISE is not worse than the better of its halves.", "accuracy minus the better of full and edit pairs alone",
            OverSeeds.Mean(arms[Rise].Select((r, i) => r.Accuracy - Math.Max(arms[Full][i].Accuracy, arms[Edit][i].Accuracy))), -0.005);
        yield return Claim.AtLeast("RISE gains on the model it started from.", "accuracy minus the start's", OverSeeds.Mean(arms[Rise].Zip(before, (r, b) => r.Accuracy - b)), 0.03);
        yield return Claim.AtMost("Fewer of the remaining errors are slips of arithmetic than after DPO on full pairs.", "share of slips minus DPO's", OverSeeds.Difference(arms[Rise], arms[Full], o => o.Slips), 0);
        bool isSame = arms[Rise].Zip(arms[NoNll]).All(p => p.First.ChosenLogP == p.Second.ChosenLogP);
        yield return Claim.AtLeast(
            "The likelihood term keeps right steps likely.", "mean log π of right steps minus that without the term", OverSeeds.Difference(arms[Rise], arms[NoNll], o => o.ChosenLogP), 0,
            isSame ? "the term never switched on: both are the same run" : "");
        yield return Claim.AtLeast("On edit pairs the reward lies on the edited tokens and what follows.", "share of the difference of implicit rewards", OverSeeds.Mean(arms[Rise].Select(o => o.OnEdit)), 0.8);
        int kept = counts.GetValueOrDefault("edits kept"), asked = kept + counts.Where(c => c.Key.StartsWith("edits dropped", StringComparison.Ordinal)).Sum(c => c.Value);
        yield return Claim.AtLeast("The taught model edits its own steps in the form asked for.", "share of edits kept", Measured.Exact(asked == 0 ? 0 : (double)kept / asked), 0.85);
    }

    private static ResultTable Table(Dictionary<string, List<Outcome>> arms, List<double> before) => new(
        "Mean over seeds", ["arm", "accuracy", "slips among wrong answers", "log π of right steps", "reward on edited tokens and later"],
        [.. arms.Select(a => (IReadOnlyList<string>)[
            a.Key, $"{a.Value.Average(o => o.Accuracy):P1}", $"{a.Value.Average(o => o.Slips):P1}", $"{a.Value.Average(o => o.ChosenLogP):0.00}", $"{a.Value.Average(o => o.OnEdit):P0}"])
            .Prepend(["start (taught the edit format)", $"{before.Average():P1}", "–", "–", "–"])]);

    private static ResultTable Edits(SortedDictionary<string, int> counts) => new("Questions and edits over all seeds", ["what", "count"], [.. counts.Select(c => (IReadOnlyList<string>)[c.Key, $"{c.Value}"])]);
}
