using Hone.Evaluation.Reports;
using Hone.Evaluation.Statistics;
using Hone.Methods.Tasks;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>report.html: the evidence for a reader, on one page that needs no network.</summary>
public static class ImproveReport
{
    private const int MaxExamples = 40;

    /// <summary>Writes the page.</summary>
    /// <param name="path">report.html.</param>
    /// <param name="outcome">What happened.</param>
    /// <param name="model">Name of the model as given.</param>
    /// <param name="footer">Version, seed and the like.</param>
    public static void Write(string path, ImproveOutcome outcome, string model, string footer)
    {
        ReportBuilder report = new("Did it get better?", $"{model} on {outcome.Task.Name}");
        Summary(report, outcome);
        Curves(report, outcome);
        Tail(report, outcome);
        Changed(report, outcome);
        Settings(report, outcome);
        report.Write(path, footer);
    }

    private static void Summary(ReportBuilder report, ImproveOutcome outcome)
    {
        Interval before = Proportions.Wilson(outcome.Before.Right, outcome.Before.Count), after = Proportions.Wilson(outcome.After.Right, outcome.After.Count);
        (int better, int worse) = ImproveJson.Changes(outcome);
        double p = PairedTests.McNemarExact(better, worse), gain = 100 * (after.Value - before.Value);
        report.Facts(
        [
            new("Before", $"{before.Value:P1}", $"{outcome.Before.Right} of {outcome.Before.Count}, 95 %: {before.Low:P1} to {before.High:P1}"),
            new("After", $"{after.Value:P1}", $"{outcome.After.Right} of {outcome.After.Count}, 95 %: {after.Low:P1} to {after.High:P1}", gain > 0 ? Tone.Good : Tone.Neutral),
            new("Change", $"{gain:+0.0;-0.0;0.0} points", $"{better} became right, {worse} became wrong; exact McNemar p {PairedTests.Show(p)}", p < 0.05 ? (gain > 0 ? Tone.Good : Tone.Bad) : Tone.Neutral),
            new("Cost", $"{outcome.Seconds / 60:0.0} min", $"{outcome.Rounds.Sum(r => r.Sampling?.Draws ?? 0):N0} draws, {outcome.Rounds.Sum(r => r.TrainedTokens):N0} trained tokens"),
        ]);
        if (outcome.BestRound < 0)
            report.Note("Nothing helped", "No round did better than the start on the validation questions, so the model was handed back unchanged.", Tone.Bad);
        report.Chart(new BarChart
        {
            Title = "Test questions answered rightly",
            Description = "Questions nobody trained on, with 95 % Wilson intervals.",
            YFormat = NumberFormat.Percent,
            YMin = 0,
            YMax = 1,
            Categories = ["before", "after"],
            Series = [new("accuracy", [new(before.Value, before.Low, before.High), new(after.Value, after.Low, after.High)])],
        });
    }

    private static void Curves(ReportBuilder report, ImproveOutcome outcome)
    {
        if (outcome.Rounds.Count == 0) return;
        report.Heading("Rounds");
        int n = outcome.Task.Validation.Count;
        int start = outcome.Rounds[0].Round - 1;
        List<CurvePoint> points = [Point(start, outcome.ValidationBefore, n), .. outcome.Rounds.Select(r => Point(r.Round, r.ValidationRight, n))];
        report.Chart(new LineChart
        {
            Title = "Validation accuracy by round",
            Description = start == 0 ? "Round 0 is the model as given." : "Round -1 is the model as given, round 0 the training on the references.",
            XLabel = "round",
            YFormat = NumberFormat.Percent,
            WholeX = true,
            YMin = 0,
            YMax = 1,
            Curves = [new("validation", points)],
        });
        report.Chart(new LineChart
        {
            Title = "Training loss",
            XLabel = "step of the round",
            YLabel = "mean −log p of a target token",
            Curves = [.. outcome.Rounds.Select(r => new Curve($"round {r.Round}", [.. r.Losses.Select((loss, i) => new CurvePoint(i + 1, loss))]))],
        });
        report.Table(
            ["round", "validation", "rows trained on", "draws", "sampling", "training"],
            [.. outcome.Rounds.Select(r => (IReadOnlyList<string>)[
                $"{r.Round}{(r.Round == outcome.BestRound ? " (kept)" : "")}", $"{r.ValidationAccuracy:P1}", $"{r.TrainingRows:N0}", r.Sampling is null ? "–" : $"{r.Sampling.Draws:N0}",
                $"{r.SampleSeconds:0.0} s", $"{r.TrainSeconds:0.0} s"])]);
    }

    private static void Tail(ReportBuilder report, ImproveOutcome outcome)
    {
        RoundResult[] sampled = [.. outcome.Rounds.Where(r => r.Sampling is not null)];
        if (sampled.Length == 0) return;
        report.Heading("The hard questions");
        report.Paragraph("Plain rejection sampling keeps many solutions of easy questions and few of hard ones. The tail ratio is the hardest level's share of the training rows divided by its share of the questions: 1 is balance.");
        report.Table(
            ["round", "coverage without hints", "coverage with hints", "tail ratio without", "tail ratio with", "Gini with", "equal to the reference"],
            [.. sampled.Select(r => (IReadOnlyList<string>)[
                r.Round.ToString(), $"{r.Sampling!.Unguided.Coverage:P1}", $"{r.Sampling.Guided.Coverage:P1}", $"{r.Sampling.Unguided.TailRatio:0.00}", $"{r.Sampling.Guided.TailRatio:0.00}",
                $"{r.Sampling.Guided.Gini:0.00}", $"{r.Sampling.ReferenceCopies:N0}"])]);
        foreach (RoundResult round in sampled)
        {
            report.Chart(new HistogramChart
            {
                Title = $"Right draws per question, round {round.Round}",
                XLabel = "right draws",
                YLabel = "questions",
                Series = [new("without hints", [.. round.Sampling!.UnguidedHits.Select(h => (double)h)]), new("with hints", [.. round.Sampling.Hits.Select(h => (double)h)])],
            });
            report.Chart(new BarChart
            {
                Title = $"Share of rows by level of difficulty, round {round.Round}",
                Description = "Level 5 holds the questions the first model got right least often.",
                YFormat = NumberFormat.Percent,
                Categories = ["1", "2", "3", "4", "5"],
                Series =
                [
                    new("questions", [.. round.Sampling.Guided.QuestionShareByLevel.Select(s => new Bar(s))]),
                    new("rows without hints", [.. round.Sampling.Unguided.KeptShareByLevel.Select(s => new Bar(s))]),
                    new("rows with hints", [.. round.Sampling.Guided.KeptShareByLevel.Select(s => new Bar(s))]),
                ],
            });
        }
    }

    private static void Changed(ReportBuilder report, ImproveOutcome outcome)
    {
        if (outcome.BestRound < 0) return;
        report.Heading("Examples that changed");
        (TaskAnswer Before, TaskAnswer After)[] pairs = [.. outcome.Before.Answers.Zip(outcome.After.Answers)];
        (TaskAnswer Before, TaskAnswer After)[] worse = [.. pairs.Where(p => p.Before.Score.Passes && !p.After.Score.Passes)];
        (TaskAnswer Before, TaskAnswer After)[] better = [.. pairs.Where(p => !p.Before.Score.Passes && p.After.Score.Passes)];
        report.Subheading($"Right before, wrong after ({worse.Length})");
        report.Examples(worse.Take(MaxExamples).Select(p => Example(p.Before, p.After, "now wrong", Tone.Bad)));
        report.Subheading($"Wrong before, right after ({better.Length})");
        report.Examples(better.Take(MaxExamples).Select(p => Example(p.Before, p.After, "now right", Tone.Good)));
    }

    private static void Settings(ReportBuilder report, ImproveOutcome outcome)
    {
        ImproveOptions o = outcome.Options;
        report.Heading("Settings");
        report.Table(["setting", "value"],
        [
            ["guidance", outcome.Guidance], ["draws, target, redraws", $"{o.Draws}, {o.Target}, {o.Redraws}"], ["temperature", $"{o.Temperature}"],
            ["train from", o.TrainFrom], ["LoRA rank", outcome.LoraRank == 0 ? "all weights" : $"{outcome.LoraRank}"], ["learning rate, batch, passes", $"{o.Train.Lr}, {o.Train.Batch}, {o.Train.Epochs}"],
            ["checker", $"{outcome.Task.Checker.Name} ({outcome.Task.CheckerReason})"], ["questions", $"{outcome.Task.Pool.Count} to learn from, {outcome.Task.Validation.Count} to choose by, {outcome.Task.Test.Count} to test"],
        ]);
    }

    private static Example Example(TaskAnswer before, TaskAnswer after, string badge, Tone tone) => new(
        before.Row.OptionalText("question") ?? before.Row.Id,
        [
            ("Reference", before.Row.OptionalText("answer") ?? ""), ("Before", before.Output.Length > 0 ? before.Output : "(empty)"),
            ("After", after.Output.Length > 0 ? after.Output : "(empty)"), ("Checker", (after.Score.Passes ? before.Score.Reason : after.Score.Reason) is { Length: > 0 } reason ? reason : "–"),
        ], badge, tone);

    private static CurvePoint Point(int round, int right, int count)
    {
        Interval interval = Proportions.Wilson(right, count);
        return new(round, interval.Value, interval.Low, interval.High);
    }
}
