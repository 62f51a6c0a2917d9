using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.Statistics;
using Hone.Inference;
using Hone.Methods.Tasks;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>
/// The small-scale experiment of the method's card: a weak model, word problems of one to five steps (one tier each; the model
/// was trained on two to four), and the same three iterations without hints, with more draws instead of hints, and with
/// each kind of hint. Differs from the card: the model is the seed model at an early checkpoint rather than one trained on
/// 300 rows, tiers are equally large in the pool, and the equal-budget arm draws without hints exactly as often per
/// question as state-reset did on average.
/// </summary>
[Reproduces("guided-self-improvement")]
public sealed class GuidedSelfImprovementReproduction : IReproduction
{
    private const string Vanilla = "vanilla", EqualBudget = "vanilla, equal budget", Brute = "brute force", StateReset = "state-reset",
        Rationale = "rationale", Answer = "answer", Interactive = "interactive (rule-based teacher)";

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        ExperimentSize size = options.IsQuick ? ExperimentSize.Quick : ExperimentSize.Full;
        string path = Assets.Require("models/seed-weak");
        Dictionary<string, List<ArmResult>> arms = [];
        using IProgressTask progress = run.Reporter.Start("guided-self-improvement", options.Seeds * 7L, "arms");
        for (int s = 0; s < options.Seeds; s++)
        {
            Experiment experiment = new(TextModel.Open(path), size, new RunContext("", run.Seed + s, null, run.Cancellation));
            ArmResult guided = Add(StateReset, experiment.Run(Guidance.StateReset, size.Draws, size.Redraws), s);
            int equal = (int)Math.Round((double)guided.TotalDraws / (size.Iterations * size.Pool));
            Add(Vanilla, experiment.Run(Guidance.None, size.Draws, 0), s);
            Add(EqualBudget, experiment.Run(Guidance.None, equal, 0), s);
            Add(Brute, experiment.Run(Guidance.BruteForce, size.Draws, size.BruteRedraws), s);
            Add(Rationale, experiment.Run(Guidance.Rationale, size.Draws, size.Redraws), s);
            Add(Answer, experiment.Run(Guidance.Answer, size.Draws, size.Redraws), s);
            Add(Interactive, experiment.Run(Guidance.Interactive, size.Draws, size.Redraws), s);
        }
        return Task.FromResult(new ReproductionResult([.. Claims(arms)], [Table(arms), Iterations(arms)]));

        ArmResult Add(string name, ArmResult result, int seed)
        {
            if (!arms.TryGetValue(name, out List<ArmResult>? list)) arms[name] = list = [];
            list.Add(result);
            progress.Advance(1, $"seed {seed + 1}, {name}: {result.Accuracy:P1}");
            return result;
        }
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<ArmResult>> arms)
    {
        yield return Claim.AtMost(
            "Without hints the hard questions' share of the training rows shrinks round after round.", "tail ratio of vanilla, last iteration minus first",
            OverSeeds.Mean(arms[Vanilla].Select(a => a.TailRatios[^1] - a.TailRatios[0])), 0);
        foreach (string name in (string[])[StateReset, Rationale])
        {
            yield return Claim.AtLeast(
                $"Hints by {name} cover more questions than the same number of unguided draws.", "coverage minus vanilla's at equal budget, lowest over iterations",
                OverSeeds.Difference(arms[name], arms[EqualBudget], (a, b) => a.Coverage.Zip(b.Coverage).Min(p => p.First - p.Second)), 0);
            yield return Claim.AtLeast(
                $"Hints by {name} restore the tail.", "tail ratio minus vanilla's at equal budget, lowest over iterations",
                OverSeeds.Difference(arms[name], arms[EqualBudget], (a, b) => a.TailRatios.Zip(b.TailRatios).Min(p => p.First - p.Second)), 0);
        }
        yield return Claim.AtMost(
            "Hints need at most a quarter of brute force's draws.", "draws of state-reset divided by brute force's",
            OverSeeds.Difference(arms[StateReset], arms[Brute], (a, b) => (double)a.TotalDraws / b.TotalDraws), 0.25);
        yield return Claim.AtLeast(
            "… for at least the same coverage.", "coverage of state-reset minus brute force's, last iteration",
            OverSeeds.Difference(arms[StateReset], arms[Brute], (a, b) => a.Coverage[^1] - b.Coverage[^1]), 0);
        yield return Claim.AtLeast(
            "Trained with hints, the model is at least as good on the hardest two tiers.", "accuracy on four and five steps minus vanilla's at equal budget",
            OverSeeds.Difference(arms[StateReset], arms[EqualBudget], (a, b) => a.HardAccuracy - b.HardAccuracy), 0);
        yield return Claim.AtLeast(
            "… and not worse over all tiers by more than a point.", "accuracy minus vanilla's at equal budget",
            OverSeeds.Difference(arms[StateReset], arms[EqualBudget], (a, b) => a.Accuracy - b.Accuracy), -0.01);
    }

    private static ResultTable Table(Dictionary<string, List<ArmResult>> arms) => new(
        "Mean over seeds after the last iteration",
        ["arm", "draws", "test accuracy", "four and five steps", "coverage", "tail ratio", "rows equal to the reference"],
        [.. arms.Select(a => (IReadOnlyList<string>)[
            a.Key, $"{a.Value.Average(r => r.TotalDraws):N0}", $"{a.Value.Average(r => r.Accuracy):P1}", $"{a.Value.Average(r => r.HardAccuracy):P1}",
            $"{a.Value.Average(r => r.Coverage[^1]):P1}", $"{a.Value.Average(r => r.TailRatios[^1]):0.00}", $"{a.Value.Average(r => r.ReferenceShare):P1}"])
            .Prepend(["before", "–", $"{arms[Vanilla].Average(r => r.StartAccuracy):P1}", $"{arms[Vanilla].Average(r => r.StartHardAccuracy):P1}", "–", "–", "–"])]);

    private static ResultTable Iterations(Dictionary<string, List<ArmResult>> arms) => new(
        "Coverage / tail ratio by iteration",
        ["arm", .. Enumerable.Range(0, arms[Vanilla][0].Coverage.Count).Select(t => $"t = {t}")],
        [.. arms.Select(a => (IReadOnlyList<string>)[
            a.Key, .. Enumerable.Range(0, a.Value[0].Coverage.Count).Select(t => $"{a.Value.Average(r => r.Coverage[t]):P1} / {a.Value.Average(r => r.TailRatios[t]):0.00}")])]);
}
