using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>
/// How close a changed model (a compressed cache) stays to the original on the same text, position by position: perplexities,
/// Kullback-Leibler divergence from the original and what is usually reported beside it.
/// </summary>
public sealed record FidelityReport
{
    /// <summary>Positions compared.</summary>
    public required int Tokens { get; init; }

    /// <summary>exp of the original's mean negative log-likelihood.</summary>
    public required double FullPerplexity { get; init; }

    /// <summary>The same of the other.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Perplexity / full perplexity.</summary>
    public double PerplexityRatio => Perplexity / FullPerplexity;

    /// <summary>Mean of ln p_full(y) − ln p(y), nats: the logarithm of the perplexity ratio.</summary>
    public required double MeanLogRatio { get; init; }

    /// <summary>Its standard error.</summary>
    public required double LogRatioError { get; init; }

    /// <summary>Mean KL(full ‖ other), nats.</summary>
    public required double MeanKl { get; init; }

    /// <summary>KL at each position, nats.</summary>
    public required IReadOnlyList<double> Kl { get; init; }

    /// <summary>Share of positions where both put the same token first, 0 to 1.</summary>
    public required double SameTop { get; init; }

    /// <summary>Mean of p(y) − p_full(y).</summary>
    public required double MeanProbabilityChange { get; init; }

    /// <summary>Root mean square of p(y) − p_full(y).</summary>
    public required double RmsProbabilityChange { get; init; }

    /// <summary>Quantile of the divergences, e.g. 0.99.</summary>
    public double KlQuantile(double q) => Statistics.Means.Quantile(Kl, q);
}

/// <summary>Collects positions for a <see cref="FidelityReport"/>. Log-softmax and sums are in double precision.</summary>
public sealed class FidelityCounter
{
    private readonly List<double> kl = [], logRatio = [], change = [];
    private double fullNll, nll;
    private int sameTop;

    /// <summary>Adds a position.</summary>
    /// <param name="full">[V] logits of the original.</param>
    /// <param name="other">[V] logits of the other.</param>
    /// <param name="target">The token that follows.</param>
    public void Add(ReadOnlySpan<float> full, ReadOnlySpan<float> other, int target)
    {
        if (full.Length != other.Length || (uint)target >= (uint)full.Length)
            throw new ArgumentException($"{full.Length} and {other.Length} logits, target {target}");
        double fullSum = LogSumExp(full), otherSum = LogSumExp(other), divergence = 0;
        (int fullTop, int otherTop) = (0, 0);
        for (int v = 0; v < full.Length; v++)
        {
            double p = full[v] - fullSum;
            divergence += Math.Exp(p) * (p - (other[v] - otherSum));
            if (full[v] > full[fullTop]) fullTop = v;
            if (other[v] > other[otherTop]) otherTop = v;
        }
        double fullLog = full[target] - fullSum, otherLog = other[target] - otherSum;
        kl.Add(Math.Max(0, divergence));
        logRatio.Add(fullLog - otherLog);
        change.Add(Math.Exp(otherLog) - Math.Exp(fullLog));
        fullNll -= fullLog;
        nll -= otherLog;
        if (fullTop == otherTop) sameTop++;
    }

    /// <summary>What was seen so far.</summary>
    /// <exception cref="HoneException">No position was added.</exception>
    public FidelityReport Report()
    {
        if (kl.Count == 0) throw new HoneException("there is no text to compare on: give at least two tokens.");
        int n = kl.Count;
        return new()
        {
            Tokens = n,
            FullPerplexity = Math.Exp(fullNll / n),
            Perplexity = Math.Exp(nll / n),
            MeanLogRatio = Statistics.Means.Mean(logRatio),
            LogRatioError = Statistics.Means.StandardError(logRatio),
            MeanKl = Statistics.Means.Mean(kl),
            Kl = kl,
            SameTop = (double)sameTop / n,
            MeanProbabilityChange = Statistics.Means.Mean(change),
            RmsProbabilityChange = Math.Sqrt(Statistics.Means.Mean([.. change.Select(c => c * c)])),
        };
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double greatest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits) greatest = Math.Max(greatest, logit);
        foreach (float logit in logits) sum += Math.Exp(logit - greatest);
        return greatest + Math.Log(sum);
    }
}
