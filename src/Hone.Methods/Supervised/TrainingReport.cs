using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.Reports;

namespace Hone.Methods.Supervised;

/// <summary>report.html of a training run: the curves of everything in metrics.jsonl, and the settings.</summary>
public static class TrainingReport
{
    /// <summary>Name of the page in the run's folder.</summary>
    public const string FileName = "report.html";

    private static readonly string[] NotDrawn = ["step", "weight", "tokens", "tokens_per_second", "num_tokens"];

    /// <summary>Metrics that are read best beside each other; every other one has a chart of its own.</summary>
    private static readonly (string Title, string[] Names)[] Together =
    [
        ("Rewards of the two sides", ["rewards/chosen", "rewards/rejected", "rewards/margins"]),
        ("Log-probabilities of the two sides", ["logps/chosen", "logps/rejected"]),
        ("Logits of the two sides", ["logits/chosen", "logits/rejected"]),
        ("Rewards", ["min_reward", "mean_reward", "max_reward"]),
        ("Reward", ["reward", "reward_std"]),
        ("Length of completions", ["completions/min_length", "completions/mean_length", "completions/max_length"]),
        ("Share of clipped ratios", ["clip_ratio/low_mean", "clip_ratio/high_mean", "clip_ratio/region_mean"]),
        ("Rewards with the KL taken off", ["objective/scores", "objective/rlhf_reward", "objective/non_score_reward"]),
        ("Policy and value loss", ["loss/policy_avg", "loss/value_avg"]),
    ];

    /// <summary>Writes the page from what was logged so far; nothing where nothing was logged.</summary>
    /// <param name="run">Its folder holds metrics.jsonl.</param>
    /// <param name="objective">Name of the objective.</param>
    /// <param name="options">Settings.</param>
    /// <param name="model">Name of the model as given.</param>
    /// <param name="problem">Why the run stopped early, or null.</param>
    public static void Write(RunContext run, string objective, TrainerOptions options, string model, string? problem)
    {
        string log = run.PathOf("metrics.jsonl");
        if (run.Folder.Length == 0 || !File.Exists(log)) return;
        List<JsonObject> steps = [.. Jsonl.Read(log).Select(r => r.Fields)];
        if (steps.Count == 0) return;
        ReportBuilder report = new($"Training: {objective}", $"{model}, {steps.Count} steps logged");
        if (problem is not null) report.Note("The run was stopped.", problem, Tone.Bad);
        report.Facts(Facts(steps));
        report.Heading("Curves");
        foreach (LineChart chart in Charts(steps)) report.Chart(chart);
        report.Heading("Settings");
        report.Table(["setting", "value"], [.. Flat("", TrainingIdentity.OptionsOf(options)).Append(("seed", $"{run.Seed}")).Select(s => (IReadOnlyList<string>)[s.Item1, s.Item2])]);
        report.Write(run.PathOf(FileName));
    }

    private static IEnumerable<Fact> Facts(List<JsonObject> steps)
    {
        yield return new("Steps", $"{steps[^1]["step"]}");
        yield return new("Loss", $"{Mean(steps, "loss"):0.000}", $"mean of the last tenth; at the start {Mean([steps[0]], "loss"):0.000}");
        foreach ((string name, string label) in ((string, string)[])[("reward", "Reward"), ("objective/scores", "Reward"), ("rewards/accuracies", "Accuracy of rewards"), ("accuracy", "Accuracy"), ("kl", "KL divergence"), ("objective/kl", "KL divergence")])
            if (Mean(steps, name) is { } mean && !double.IsNaN(mean)) yield return new(label, $"{mean:0.000}", $"mean of the last tenth; at the start {Mean([steps[0]], name):0.000}");
    }

    /// <summary>Mean over the last tenth of the steps; NaN where it was not logged.</summary>
    private static double Mean(List<JsonObject> steps, string name) =>
        steps.TakeLast(Math.Max(1, steps.Count / 10)).Select(s => Number(s[name])).Where(v => v is not null).Select(v => v!.Value).DefaultIfEmpty(double.NaN).Average();

    private static IEnumerable<LineChart> Charts(List<JsonObject> steps)
    {
        List<string> names = [.. steps.SelectMany(s => s.Where(f => Number(f.Value) is not null).Select(f => f.Key)).Distinct().Except(NotDrawn)];
        foreach ((string title, string[] group) in Together)
        {
            string[] present = [.. group.Where(names.Contains)];
            if (present.Length < 2) continue;
            names.RemoveAll(present.Contains);
            yield return Chart(steps, title, present);
        }
        foreach (string name in names.OrderBy(n => n == "loss" ? 0 : 1)) yield return Chart(steps, name, [name]);
    }

    private static LineChart Chart(List<JsonObject> steps, string title, string[] names) => new()
    {
        Title = title,
        XLabel = "step",
        WholeX = true,
        Curves = [.. names.Select(n => new Curve(n, [.. steps.Where(s => Number(s[n]) is not null).Select(s => new CurvePoint((double)s["step"]!, Number(s[n])!.Value))]))],
    };

    private static double? Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? (double)node : null;

    private static IEnumerable<(string, string)> Flat(string prefix, JsonObject json) => json.SelectMany(p => p.Value is JsonObject inner
        ? Flat($"{prefix}{p.Key}.", inner)
        : [($"{prefix}{p.Key}", p.Value is null ? "–" : p.Value.ToString())]);
}
