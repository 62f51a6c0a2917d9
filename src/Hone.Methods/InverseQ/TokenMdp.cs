using Hone.Core;

namespace Hone.Methods.InverseQ;

/// <summary>The optimum of a token-level decision process.</summary>
/// <param name="Values">[states] V*.</param>
/// <param name="ActionValues">[states][vocabulary] Q*.</param>
/// <param name="LogPolicy">[states][vocabulary] log π*.</param>
public sealed record SoftOptimum(double[] Values, double[][] ActionValues, double[][] LogPolicy);

/// <summary>
/// A token-level decision process small enough to be solved: texts of a fixed length over a few tokens, a reward for every token, a
/// reference policy. States are prefixes; the one reached from s by token a is s · V + a + 1, the empty prefix is 0.
/// </summary>
/// <param name="vocabulary">V.</param>
/// <param name="length">Tokens of every text.</param>
/// <param name="rewards">[states][V].</param>
/// <param name="logReference">[states][V] log π_ref.</param>
public sealed class TokenMdp(int vocabulary, int length, double[][] rewards, double[][] logReference)
{
    public int Vocabulary => vocabulary;

    public int Length => length;

    /// <summary>Prefixes that are not whole texts: (V^length − 1) / (V − 1).</summary>
    public int States => rewards.Length;

    public double[][] Rewards => rewards;

    public double[][] LogReference => logReference;

    /// <summary>Number of states of a process.</summary>
    public static int Count(int vocabulary, int length) => Enumerable.Range(0, length).Sum(t => (int)Math.Pow(vocabulary, t));

    /// <summary>Rewards and reference logits drawn from a normal distribution.</summary>
    public static TokenMdp Random(int vocabulary, int length, double deviation, RandomStream random)
    {
        double[][] Draw(RandomStream from) => [.. Enumerable.Range(0, Count(vocabulary, length)).Select(_ => (double[])[.. Enumerable.Range(0, vocabulary).Select(_ => deviation * from.NextNormal())])];
        return new(vocabulary, length, Draw(random.Derive("rewards")), [.. Draw(random.Derive("reference")).Select(LogSoftmax)]);
    }

    /// <summary>The state behind token <paramref name="action"/>; a whole text has none and gives −1.</summary>
    public int Next(int state, int action) => state * vocabulary + action + 1 is var next && next < States ? next : -1;

    /// <summary>Solves from the ends: Q* = r + β log π_ref + V*(s'), V* = β log Σ exp(Q*/β), π* = exp((Q* − V*)/β).</summary>
    /// <param name="beta">Strength of the pull to the reference.</param>
    /// <param name="shaping">A potential of states, [states], added as Φ(s') − Φ(s); null for none. It leaves the policy as it is.</param>
    public SoftOptimum Solve(double beta, double[]? shaping = null)
    {
        double[] values = new double[States];
        double[][] q = new double[States][], policy = new double[States][];
        for (int s = States - 1; s >= 0; s--)
        {
            q[s] = [.. Enumerable.Range(0, vocabulary).Select(a => Next(s, a) is var next && next >= 0
                ? rewards[s][a] + (shaping is null ? 0 : shaping[next] - shaping[s]) + beta * logReference[s][a] + values[next]
                : rewards[s][a] - (shaping?[s] ?? 0) + beta * logReference[s][a])];
            double max = q[s].Max();
            double value = values[s] = max + beta * Math.Log(q[s].Sum(x => Math.Exp((x - max) / beta)));
            policy[s] = [.. q[s].Select(x => (x - value) / beta)];
        }
        return new(values, q, policy);
    }

    /// <summary>KL(π‖other) over whole texts.</summary>
    public double Divergence(double[][] logPolicy, double[][] other)
    {
        double[] below = new double[States];
        for (int s = States - 1; s >= 0; s--)
            for (int a = 0; a < vocabulary; a++)
                below[s] += Math.Exp(logPolicy[s][a]) * (logPolicy[s][a] - other[s][a] + (Next(s, a) is var next && next >= 0 ? below[next] : 0));
        return below[0];
    }

    internal static double[] LogSoftmax(double[] logits)
    {
        double max = logits.Max(), norm = max + Math.Log(logits.Sum(x => Math.Exp(x - max)));
        return [.. logits.Select(x => x - norm)];
    }
}
