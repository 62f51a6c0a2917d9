using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Evaluation.Reports;
using Hone.Inference.Caches;

namespace Hone.Methods.KvCache;

/// <summary>Many cache settings on the same prompts: quality against bytes, as a table, JSON and one self-contained page.</summary>
public sealed class KvSweep
{
    private readonly KvEvaluation evaluation;
    private readonly ComponentRegistry components;
    private readonly List<(string Policy, KvResult Result)> results = [];
    private readonly List<(string Setting, string Reason)> refused = [];

    /// <param name="evaluation">Prompts and model.</param>
    /// <param name="components">Names of policies and formats.</param>
    public KvSweep(KvEvaluation evaluation, ComponentRegistry components) => (this.evaluation, this.components) = (evaluation, components);

    /// <summary>Results so far.</summary>
    public IReadOnlyList<KvResult> Results => [.. results.Select(r => r.Result)];

    /// <summary>Settings that do not go together, with the reason.</summary>
    public IReadOnlyList<(string Setting, string Reason)> Refused => refused;

    /// <summary>Measures every combination; those that do not go together are noted with the reason.</summary>
    public void Run(IReadOnlyList<string> policies, IReadOnlyList<double> keeps, IReadOnlyList<int> bits)
    {
        foreach (string policy in policies)
            foreach (int b in bits)
                foreach (double keep in HasBudget(policy) ? keeps : [1])
                    One(policy, $"policy={policy},keep={keep},bits={b}");
    }

    /// <summary>Measures one setting, or notes why it is refused; in charts it stands for itself.</summary>
    public void Run(string setting) => One(setting, setting);

    /// <summary>Table of all results.</summary>
    public ResultTable Table() => new("Quality against bytes", ["setting", "quality", "full cache", "bytes", "of the full cache", "KL, nats", "perplexity ratio"],
        [.. results.Select(r => (IReadOnlyList<string>)[r.Result.Name, $"{r.Result.Quality:0.000}", $"{r.Result.FullQuality:0.000}", $"{r.Result.Bytes:0}",
            $"{r.Result.Bytes / r.Result.FullBytes:P1}", r.Result.Fidelity is { } f ? $"{f.MeanKl:0.0000}" : "", r.Result.Fidelity is { } g ? $"{g.PerplexityRatio:0.000}" : ""])]);

    /// <summary>Results and refusals as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["results"] = new JsonArray([.. results.Select(r => r.Result.ToJson())]),
        ["refused"] = new JsonArray([.. refused.Select(r => new JsonObject { ["setting"] = r.Setting, ["reason"] = r.Reason })]),
    };

    /// <summary>The page.</summary>
    public void WriteHtml(string path, string model)
    {
        ReportBuilder report = new("What a smaller cache costs", $"{model}: quality against bytes of the key-value cache, every setting on the same prompts");
        report.Heading("Quality against bytes").Chart(new ScatterChart
        {
            Title = "Quality against bytes of the cache",
            Description = "Each point is a setting; the line joins those that no other beats in both.",
            XLabel = "bytes of a context",
            YLabel = "quality",
            ShowParetoFront = true,
            Series = [.. results.GroupBy(r => r.Policy).Select(g => new ScatterSeries(g.Key, [.. g.Select(r => new ScatterPoint(r.Result.Bytes, r.Result.Quality, r.Result.Name))]))],
        });
        if (results.Any(r => r.Result.Fidelity is not null)) report.Chart(new ScatterChart
        {
            Title = "Divergence from the full cache",
            Description = "Mean Kullback-Leibler divergence over running text, in nats; lower is closer.",
            XLabel = "bytes of a context",
            YLabel = "KL, nats",
            Series = [.. results.GroupBy(r => r.Policy).Select(g => new ScatterSeries(g.Key, [.. g.Select(r => new ScatterPoint(r.Result.Bytes, r.Result.Fidelity!.MeanKl, r.Result.Name))]))],
        });
        ResultTable table = Table();
        report.Heading("All settings").Table(table.Columns, table.Rows, table.Title);
        if (refused.Count > 0) report.Heading("Refused").Table(["setting", "reason"], [.. refused.Select(r => (IReadOnlyList<string>)[r.Setting, r.Reason])]);
        report.Write(path);
    }

    private bool HasBudget(string policy)
    {
        try
        {
            return KvPlan.Parse($"policy={policy}", components, "sweep").Policy.Create() is { HasBudget: true } and not FullPolicy;
        }
        catch (HoneException)
        {
            return true; // an unknown name is noted with its reason where it is measured
        }
    }

    private void One(string policy, string setting)
    {
        try
        {
            results.Add((policy, evaluation.Measure(setting, KvPlan.Parse(setting, components, "sweep"), measureSpeed: false)));
        }
        catch (HoneException error)
        {
            refused.Add((setting, error.Message));
        }
    }
}
