using Hone.Core;
using Hone.Evaluation.Reports;
using Hone.Evaluation.Statistics;
using Hone.Inference;
using Hone.Methods.Tasks;

namespace Hone.Methods.OnPolicy;

/// <summary>
/// Learning on-policy against learning offline from the same completions: the weak model, the built-in word problems, a checker as
/// reward. The paper's claims are about mathematics with models of billions of parameters; what is judged here is whether the
/// method does its work at this scale, and whether it does more than the same samples do offline.
/// </summary>
[Method("grpo", Stage = "preference", Paper = "DeepSeekMath: Pushing the Limits of Mathematical Reasoning in Open Language Models", ArXiv = "2402.03300", Command = "hone train grpo")]
[Reproduces("grpo")]
public sealed class GrpoReproduction : IReproduction
{
    private const string Grpo = "GRPO", Dpo = "DPO, same completions", Supervised = "supervised, same right completions";

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        GrpoSize size = options.IsQuick ? GrpoSize.Quick : GrpoSize.Full;
        string path = Assets.Require("models/seed-weak");
        Dictionary<string, List<GrpoArm>> arms = new() { [Grpo] = [], [Dpo] = [], [Supervised] = [] };
        List<double> before = [];
        using IProgressTask progress = run.Reporter.Start("grpo", options.Seeds * 3L, "arms");
        for (int s = 0; s < options.Seeds; s++)
        {
            GrpoExperiment experiment = new(TextModel.Open(path), size, new RunContext("", run.Seed + s, null, run.Cancellation));
            before.Add(experiment.Before);
            foreach ((string name, Func<GrpoArm> train) in ((string, Func<GrpoArm>)[])[(Grpo, experiment.Grpo), (Dpo, experiment.Dpo), (Supervised, experiment.Supervised)])
            {
                GrpoArm arm = train();
                arms[name].Add(arm);
                progress.Advance(1, $"seed {s + 1}, {name}: {experiment.Before:P1} → {arm.Accuracy:P1}");
            }
        }
        ResultTable table = Table(arms, before);
        ReproductionResult result = new([.. Claims(arms, before)], [table]);
        if (run.Folder.Length > 0) Report(run.PathOf("report.html"), result, arms, before);
        return Task.FromResult(result);
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<GrpoArm>> arms, List<double> before)
    {
        yield return Claim.AtLeast(
            "GRPO makes the weak model better at problems it has not seen.", "held-out accuracy, after minus before",
            OverSeeds.Mean([.. arms[Grpo].Select((a, i) => a.Accuracy - before[i])]), 0.15, "The recipe takes twice as many steps as are taken here.");
        yield return Claim.AtLeast(
            "Drawing from the model as it learns does more than DPO on pairs of the same completions.", "accuracy of GRPO minus DPO",
            OverSeeds.Mean([.. arms[Grpo].Zip(arms[Dpo], (a, b) => a.Accuracy - b.Accuracy)]), 0);
        yield return Claim.AtLeast(
            "… and more than supervised training on the right ones of them.", "accuracy of GRPO minus supervised",
            OverSeeds.Mean([.. arms[Grpo].Zip(arms[Supervised], (a, b) => a.Accuracy - b.Accuracy)]), 0);
    }

    private static ResultTable Table(Dictionary<string, List<GrpoArm>> arms, List<double> before) => new(
        "Mean over seeds", ["arm", "held-out accuracy", "gain", "learnt from", "seconds"],
        [
            ["before", $"{before.Average():P1}", "–", "–", "–"],
            .. arms.Select(a => (IReadOnlyList<string>)[
                a.Key, $"{a.Value.Average(x => x.Accuracy):P1}", $"{100 * a.Value.Select((x, i) => x.Accuracy - before[i]).Average():+0.0;-0.0} points",
                $"{a.Value.Average(x => x.Rows):N0} {(a.Key == Dpo ? "pairs" : "completions")}", $"{a.Value.Average(x => x.Seconds):0}"]),
        ]);

    private static void Report(string path, ReproductionResult result, Dictionary<string, List<GrpoArm>> arms, List<double> before)
    {
        Bar Of(IReadOnlyList<double> values) => OverSeeds.Mean([.. values]) is { } i && double.IsFinite(i.Low) ? new Bar(i.Value, i.Low, i.High) : new Bar(values[0]);
        ReportBuilder report = new("GRPO and offline learning from the same completions", "the weak seed model on built-in word problems");
        report.Chart(new BarChart
        {
            Title = "Held-out problems answered rightly",
            Description = "Mean over seeds with 95 % t-intervals.",
            YFormat = NumberFormat.Percent,
            YMin = 0,
            YMax = 1,
            Categories = ["before", .. arms.Keys],
            Series = [new("accuracy", [Of(before), .. arms.Values.Select(a => Of([.. a.Select(x => x.Accuracy)]))])],
        });
        foreach (ResultTable table in result.Tables) report.Table(table.Columns, table.Rows, table.Title);
        report.Heading("Claims");
        report.Table(["claim", "measured", "must be", "verdict"], [.. result.Claims.Select(c => (IReadOnlyList<string>)[c.Text, $"{c.Measure}: {c.Measured}", c.Boundary, c.VerdictText])]);
        report.Write(path);
    }
}
