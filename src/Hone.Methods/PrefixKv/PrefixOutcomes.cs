using Hone.Core;
using Hone.Inference;
using Hone.Inference.Caches;

namespace Hone.Methods.PrefixKv;

/// <summary>What came of all settings on some documents.</summary>
/// <param name="ByArm">[documents] of each setting.</param>
/// <param name="Smallest">[documents · budgets] the smallest share of importance of any layer, minus that of equal budgets.</param>
/// <param name="Spread">[documents] greatest minus smallest Gini coefficient of the layers.</param>
/// <param name="IsExact">Whether all slots kept gave the full cache's logits.</param>
internal sealed record PrefixOutcomes(Dictionary<(string Arm, double Keep), List<PrefixOutcome>> ByArm, List<double> Smallest, List<double> Spread, bool IsExact)
{
    /// <summary>The budget at which the model also writes on by itself.</summary>
    private const double Written = 0.25;

    /// <summary>Goes through all arms and budgets.</summary>
    public static PrefixOutcomes Measure(PrefixExperiment experiment, TextModel model, string profile, IReadOnlyList<double> budgets, RunContext run, IProgressTask progress)
    {
        IReadOnlyList<PrefixArm> arms = PrefixArm.All(profile);
        PrefixOutcomes all = new([], [], [], experiment.IsExact(arms[0].Scores, arms[0].Settings(1)));
        foreach (int[] context in experiment.Contexts) all.Shares(model, context, budgets);
        progress.Advance(1);
        foreach (double keep in budgets)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            foreach (PrefixArm arm in arms) all.ByArm[(arm.Name, keep)] = [.. experiment.Measure(arm.Scores, arm.Settings(keep), generates: keep == Written)];
            progress.Advance(1, $"{keep:P0} kept");
        }
        return all;
    }

    /// <summary>The documents of all parts.</summary>
    public static PrefixOutcomes Join(IReadOnlyList<PrefixOutcomes> parts) => new(
        parts[0].ByArm.Keys.ToDictionary(key => key, key => parts.SelectMany(p => p.ByArm[key]).ToList()),
        [.. parts.SelectMany(p => p.Smallest)], [.. parts.SelectMany(p => p.Spread)], parts.All(p => p.IsExact));

    /// <summary>[documents] of a setting.</summary>
    public double[] Values(string arm, double keep, Func<PrefixOutcome, double> value) => [.. ByArm[(arm, keep)].Select(value)];

    /// <summary>Means by arm and budget.</summary>
    public ResultTable Table(string title, IReadOnlyList<double> budgets, Func<PrefixOutcome, double> value, Func<double, double> show) => new(
        title, ["division", .. budgets.Select(b => $"{b:P0} kept")],
        [.. ByArm.Keys.Select(key => key.Arm).Distinct().Select(arm => (IReadOnlyList<string>)[arm, .. budgets.Select(b => $"{show(Values(arm, b, value).Average()):0.0000}")])]);

    private void Shares(TextModel model, int[] context, IReadOnlyList<double> budgets)
    {
        IReadOnlyList<PriorityCurve> curves = PrefixProfiler.Curves(model, context, new PrefixKvOptions());
        Spread.Add(curves.Max(c => c.Gini) - curves.Min(c => c.Gini));
        foreach (double keep in budgets)
        {
            int kept = (int)(keep * context.Length);
            int[] found = PrefixConfiguration.Search(curves, (long)kept * curves.Count).Kept;
            Smallest.Add(curves.Select((c, l) => c.Share(found[l])).Min() - curves.Min(c => c.Share(kept)));
        }
    }
}
