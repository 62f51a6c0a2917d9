using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Schema;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>What play of a matrix game came to.</summary>
/// <param name="Rounds">Rounds played, T.</param>
/// <param name="Row">[N] average strategy of the player who gains the payoff.</param>
/// <param name="Column">[M] average strategy of the player who pays it.</param>
/// <param name="Gap">Exploitability of the averages: what both together could still gain by deviating.</param>
/// <param name="LastGap">Exploitability of the last strategies, which need not converge.</param>
/// <param name="Bound">What theory promises for <paramref name="Gap"/>.</param>
public sealed record MatrixPlay(int Rounds, double[] Row, double[] Column, double Gap, double LastGap, double Bound);

/// <summary>
/// A zero-sum game of two players given by its payoffs: the exact small counterpart of adversary against defender, where how far a pair
/// of strategies is from equilibrium can be computed.
/// </summary>
public sealed class MatrixGame
{
    private readonly double[][] payoff;
    private readonly double low, range;

    /// <param name="payoff">[N][M] what the row player gains and the column player loses.</param>
    /// <exception cref="HoneException">Not a table of finite numbers.</exception>
    public MatrixGame(double[][] payoff)
    {
        if (payoff.Length == 0 || payoff[0].Length == 0) throw new HoneException("a payoff table needs at least one row and one column.");
        for (int i = 0; i < payoff.Length; i++)
        {
            if (payoff[i].Length != payoff[0].Length) throw new HoneException($"row {i + 1} of the payoff table has {payoff[i].Length} numbers, the first has {payoff[0].Length}.");
            if (!payoff[i].All(double.IsFinite)) throw new HoneException($"row {i + 1} of the payoff table holds a number that is not finite.");
        }
        this.payoff = payoff;
        // Rates and bound are for payoffs in [0, 1]; others are brought there.
        (double min, double max) = (payoff.Min(r => r.Min()), payoff.Max(r => r.Max()));
        (low, range) = min >= 0 && max <= 1 ? (0, 1) : (min, Math.Max(max - min, double.Epsilon));
    }

    /// <summary>Strategies of the row player.</summary>
    public int Rows => payoff.Length;

    /// <summary>Strategies of the column player.</summary>
    public int Columns => payoff[0].Length;

    /// <summary>Reads <c>[[…], …]</c> or <c>{"payoff": [[…], …]}</c>.</summary>
    /// <exception cref="HoneException">Missing, or not such a table.</exception>
    public static MatrixGame Load(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Expected a JSON table of payoffs, for example [[0, 1], [1, 0]].");
        if (!JsonText.TryParse(File.ReadAllText(path), out JsonNode? node)) throw new HoneException($"{path}: not valid JSON. Expected a table of payoffs, for example [[0, 1], [1, 0]].");
        JsonNode? table = node is JsonObject fields ? fields["payoff"] : node;
        if (table is not JsonArray rows || !rows.All(r => r is JsonArray numbers && numbers.All(n => n?.GetValueKind() == JsonValueKind.Number)))
            throw new HoneException($"{path}: expected a table of payoffs, rows of numbers, for example [[0, 1], [1, 0]].");
        return new([.. rows.Select(r => r!.AsArray().Select(n => n!.GetValue<double>()).ToArray())]);
    }

    /// <summary>
    /// Both players by exponential weights at the rates √(8 ln N / T) and √(8 ln M / T), at the same time, from equal weights. The average
    /// strategies approach an equilibrium: gap ≤ √(ln N / 2T) + √(ln M / 2T) for payoffs in [0, 1].
    /// </summary>
    /// <param name="rounds">T, at least 1.</param>
    public MatrixPlay Play(int rounds)
    {
        double rowRate = Math.Sqrt(8 * Math.Log(Rows) / rounds), columnRate = Math.Sqrt(8 * Math.Log(Columns) / rounds);
        double[] rowScores = new double[Rows], columnScores = new double[Columns], rowSum = new double[Rows], columnSum = new double[Columns];
        double[] row = [], column = [];
        for (int t = 0; t < rounds; t++)
        {
            (row, column) = (Softmax(rowScores, rowRate), Softmax(columnScores, -columnRate));
            for (int i = 0; i < Rows; i++)
            {
                rowSum[i] += row[i] / rounds;
                rowScores[i] += Enumerable.Range(0, Columns).Sum(j => Scaled(i, j) * column[j]);
            }
            for (int j = 0; j < Columns; j++)
            {
                columnSum[j] += column[j] / rounds;
                columnScores[j] += Enumerable.Range(0, Rows).Sum(i => Scaled(i, j) * row[i]);
            }
        }
        double bound = range * (Math.Sqrt(Math.Log(Rows) / (2.0 * rounds)) + Math.Sqrt(Math.Log(Columns) / (2.0 * rounds)));
        return new(rounds, rowSum, columnSum, Gap(rowSum, columnSum), Gap(row, column), bound);
    }

    /// <summary>Exploitability: the best the row player could get against <paramref name="column"/> less the least the column player could pay against <paramref name="row"/>. 0 at an equilibrium, never below.</summary>
    /// <param name="row">[N] probabilities.</param>
    /// <param name="column">[M] probabilities.</param>
    public double Gap(double[] row, double[] column)
    {
        double best = Enumerable.Range(0, Rows).Max(i => Enumerable.Range(0, Columns).Sum(j => payoff[i][j] * column[j]));
        double least = Enumerable.Range(0, Columns).Min(j => Enumerable.Range(0, Rows).Sum(i => row[i] * payoff[i][j]));
        return best - least;
    }

    /// <summary>
    /// The best response of an adversary who is also paid η times the entropy of what it does: μ(x) ∝ exp(−R(x) / η), instead of all weight on
    /// the worst prompt.
    /// </summary>
    /// <param name="rewards">[prompts] the defender's rewards.</param>
    /// <param name="eta">η, above 0.</param>
    public static double[] SoftBestResponse(double[] rewards, double eta) => Softmax(rewards, -1 / eta);

    private double Scaled(int i, int j) => (payoff[i][j] - low) / range;

    private static double[] Softmax(double[] scores, double rate)
    {
        double largest = scores.Max(s => rate * s);
        double[] weights = [.. scores.Select(s => Math.Exp(rate * s - largest))];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
