using Hone.Core;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.Tasks;

namespace Hone.Methods.Scir;

/// <summary>
/// The small-scale experiment of the method's card: a model of 150,000 weights that counts on from a digit and judges such answers, both
/// with mistakes. Self-rewarding, the implicit reward alone, the agreement filter without the penalty, and SCIR, from the same start with
/// the same prompts and steps; as control a judge whose verdicts are read the wrong way round.
/// </summary>
[Reproduces("scir")]
public sealed class ScirReproduction : IReproduction
{
    private const string Start = "start", SelfRewarding = "self-rewarding (judge labels)", ImplicitOnly = "implicit labels", Filter = "agreement filter, no penalty", Scir = "SCIR", Control = "SCIR, judge turned round";

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        ScirSize size = options.IsQuick ? ScirSize.Quick : ScirSize.Full;
        using IProgressTask progress = run.Reporter.Start("scir", options.Seeds * 7L, "arms");
        WeightSnapshot[] taught = SideBySide.Run<WeightSnapshot>([.. Enumerable.Range(0, options.Seeds).Select(s => (Func<WeightSnapshot>)(() =>
        {
            WeightSnapshot start = ScirExperiment.Taught(size, Seeded(run, s));
            progress.Advance(1, $"seed {s + 1}: taught");
            return start;
        }))]);
        Dictionary<string, List<ScirArm>> arms = SideBySide.Run<ScirArm>(options.Seeds,
        [
            Arm(Start, e => e.Start()), Arm(SelfRewarding, e => e.Run(new() { Labels = LabelSource.Judge, Gamma = 0 })), Arm(ImplicitOnly, e => e.Run(new() { Labels = LabelSource.Implicit, Gamma = 0 })),
            Arm(Filter, e => e.Run(new() { Gamma = 0 })), Arm(Scir, e => e.Run(new())), Arm(Control, e => e.Run(new(), isJudgeTurned: true)),
        ]);
        List<ScirArm> before = arms[Start];
        arms.Remove(Start);
        return Task.FromResult(new ReproductionResult([.. Claims(before, arms)], [Table(before, arms)]));

        (string, Func<int, ScirArm>) Arm(string name, Func<ScirExperiment, ScirArm> learn) => (name, s =>
        {
            ScirArm arm = learn(new ScirExperiment(size, taught[s], Seeded(run, s)));
            progress.Advance(1, $"seed {s + 1}, {name}: {arm.Score:P1}");
            return arm;
        }
        );
    }

    private static RunContext Seeded(RunContext run, int s) => new("", run.Seed + s, null, run.Cancellation);

    private static IEnumerable<Claim> Claims(List<ScirArm> before, Dictionary<string, List<ScirArm>> arms)
    {
        yield return Claim.AtLeast("Labels on which both rewards agree are better than the judge's alone.", "share of right labels among selected pairs minus the judge's in the same steps",
            Over(arms[Scir], a => a.LabelAccuracy - a.JudgeLabelAccuracy), 0.05);
        yield return Claim.AtLeast("The rewards come to agree under SCIR.", "agreement in the last quarter of the steps minus the first quarter", Over(arms[Scir], a => a.AgreementRise), 0);
        yield return Claim.AtLeast("… more than without the penalty.", "rise of agreement minus that of the filter alone", Difference(arms[Scir], arms[Filter], a => a.AgreementRise), 0);
        yield return Claim.AtLeast("SCIR is at least as good at the task as self-rewarding.", "mean quality of answers minus self-rewarding's", Difference(arms[Scir], arms[SelfRewarding], a => a.Score), 0);
        yield return Claim.AtLeast("The judge does not get worse.", "accuracy on held-out pairs minus the start's", Difference(arms[Scir], before, a => a.JudgeAccuracy), 0, "The card asks for no fall; a fall within chance makes the verdict inconclusive.");
        yield return Claim.AtMost("With a judge turned round nothing is gained (control).", "mean quality of answers minus the start's", Difference(arms[Control], before, a => a.Score), 0);
        yield return Claim.AtMost("… and the audit shows it.", "accuracy of the judge on held-out pairs", Over(arms[Control], a => a.JudgeAccuracy), 0.5);
    }

    private static ResultTable Table(List<ScirArm> before, Dictionary<string, List<ScirArm>> arms) => new(
        "Mean over seeds",
        ["arm", "quality", "judge right", "implicit right", "labels right", "judge's labels right", "learnt from", "agreement first → last quarter"],
        [
            ["start", P(before, a => a.Score), P(before, a => a.JudgeAccuracy), P(before, a => a.ImplicitAccuracy), "–", "–", "–", "–"],
            .. arms.Select(a => (IReadOnlyList<string>)[
                a.Key, P(a.Value, x => x.Score), P(a.Value, x => x.JudgeAccuracy), P(a.Value, x => x.ImplicitAccuracy), P(a.Value, x => x.LabelAccuracy), P(a.Value, x => x.JudgeLabelAccuracy),
                P(a.Value, x => x.Selected), $"{P(a.Value, x => x.Agreement.Take(Math.Max(1, x.Agreement.Count / 4)).Average())} → {P(a.Value, x => x.Agreement.TakeLast(Math.Max(1, x.Agreement.Count / 4)).Average())}"]),
        ]);

    private static string P(List<ScirArm> arms, Func<ScirArm, double> value) => $"{arms.Average(value):P1}";

    private static Measured Over(List<ScirArm> arms, Func<ScirArm, double> value) => OverSeeds.Mean(arms.Select(value));

    private static Measured Difference(List<ScirArm> a, List<ScirArm> b, Func<ScirArm, double> value) => OverSeeds.Difference(a, b, value);
}
