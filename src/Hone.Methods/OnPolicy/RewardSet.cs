using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Rewards;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.OnPolicy;

/// <summary>Rewards of completions: one number of each function, and their weighted sum. NaN where nothing was given.</summary>
/// <param name="ByFunction">[functions][completions].</param>
/// <param name="Total">[completions].</param>
public sealed record RewardTable(double[][] ByFunction, double[] Total);

/// <summary>The rewards of a run with their weights.</summary>
/// <param name="rewards">At least one; disposed with the set.</param>
/// <param name="weights">One for each; null for 1 each.</param>
public sealed class RewardSet(IReadOnlyList<IReward> rewards, double[]? weights = null) : IDisposable
{
    private readonly HashSet<string> silent = new(StringComparer.Ordinal);

    /// <summary>Hears, once for each, of rewards that say nothing of any completion.</summary>
    public IReporter Reporter { get; init; } = IReporter.Silent;

    public IReadOnlyList<IReward> Rewards => rewards;

    public double[]? Weights => weights;

    /// <summary>Opens what the options name, or a checker that fits the rows.</summary>
    /// <param name="names">As users write rewards.</param>
    /// <param name="given">Their weights; none for 1 each.</param>
    /// <param name="rows">Rows that are asked.</param>
    /// <param name="sources">Judges and reward models.</param>
    /// <param name="reporter">Hears which checker was chosen.</param>
    /// <exception cref="HoneException">Unknown, not readable, or no reference answers and no reward.</exception>
    public static RewardSet Open(IReadOnlyList<string> names, IReadOnlyList<double> given, IReadOnlyList<Row> rows, RewardSources sources, IReporter reporter)
    {
        double[]? weights = given.Count > 0 ? [.. given] : null;
        if (names.Count > 0) return new([.. names.Select(r => RewardFactory.Create(r, rows, sources))], weights) { Reporter = reporter };
        if (rows.Any(r => !r.Has("answer")))
            throw new HoneException("the rows have no reference answers to check against: say where rewards come from with --reward checker:NAME, model:DIR, judge:ENDPOINT or script:FILE.csx.");
        CheckerChoice choice = CheckerRegistry.Choose(rows);
        reporter.Line(choice.Reason);
        return new([new CheckerReward(choice.Checker)], weights) { Reporter = reporter };
    }

    /// <summary>Judges the outputs.</summary>
    public RewardTable Score(IReadOnlyList<RewardItem> items, CancellationToken cancellation)
    {
        double[][] table = [.. rewards.Select(r => Numbers(r.Name, r.ScoreAsync(items, cancellation).AsTask().GetAwaiter().GetResult()))];
        return new(table, GroupAdvantages.Total(table, weights));
    }

    public void Dispose()
    {
        foreach (IReward reward in rewards) reward.Dispose();
    }

    private double[] Numbers(string name, IReadOnlyList<Score> scores)
    {
        if (scores.Count > 0 && scores.All(s => s.Value is null) && silent.Add(name))
            Reporter.Warn($"the reward '{name}' could not judge any of {scores.Count} completions, so nothing is learnt from them; the first: {scores[0].Reason}");
        return [.. scores.Select(s => s.Value ?? double.NaN)];
    }
}
