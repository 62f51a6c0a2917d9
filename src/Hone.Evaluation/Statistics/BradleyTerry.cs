using MathNet.Numerics.LinearAlgebra;

namespace Hone.Evaluation.Statistics;

/// <summary>One game: <paramref name="Score"/> of the first player, 1 won, 0 lost, ½ a tie.</summary>
/// <param name="First">Player, 0-based.</param>
/// <param name="Second">The other player.</param>
public readonly record struct Game(int First, int Second, double Score);

/// <summary>Strengths fitted to games.</summary>
/// <param name="LogStrengths">One per player, mean 0.</param>
/// <param name="Coefficients">One per extra column; empty without.</param>
/// <param name="LogLikelihood">Of the games, without the prior.</param>
public sealed record BradleyTerryFit(double[] LogStrengths, double[] Coefficients, double LogLikelihood)
{
    /// <summary>On the scale of Elo: 400 points are a factor of ten, the mean is 1000.</summary>
    public double[] OnEloScale => [.. LogStrengths.Select(s => 1000 + 400 / Math.Log(10) * s)];
}

/// <summary>Bradley and Terry's model (1952): P(i beats j) = 1 / (1 + exp(s_j − s_i)), by Newton's method on the log-likelihood.</summary>
public static class BradleyTerry
{
    private const int MaxIterations = 200;

    /// <summary>A difference of 20 is one loss in half a billion games: only a diverging fit gets there.</summary>
    private const double MaxStrength = 20;

    /// <summary>
    /// Fits the strengths. Without a chain of wins from every player to every other there is no finite optimum: give
    /// <paramref name="priorPerPair"/> = ½, half a win and half a loss for every pair that played.
    /// </summary>
    /// <param name="players">Number of players.</param>
    /// <param name="games">Games; at least one.</param>
    /// <param name="priorPerPair">Wins added to both sides of each pair that played, 0 for none.</param>
    /// <param name="covariates">Extra columns per game, added to the difference of strengths; null for none.</param>
    /// <exception cref="InvalidOperationException">No finite optimum was found.</exception>
    public static BradleyTerryFit Fit(int players, IReadOnlyList<Game> games, double priorPerPair = 0, IReadOnlyList<double[]>? covariates = null)
    {
        int extra = covariates?[0].Length ?? 0, size = players - 1 + extra;
        List<(double[] Row, double Score, double Weight)> rows = [.. games.Select((g, i) => (RowOf(g, players, covariates?[i] ?? []), g.Score, 1.0))];
        if (priorPerPair > 0)
            foreach ((int a, int b) in games.Select(g => (Math.Min(g.First, g.Second), Math.Max(g.First, g.Second))).Distinct())
                rows.AddRange([(RowOf(new(a, b, 1), players, new double[extra]), 1.0, priorPerPair), (RowOf(new(a, b, 0), players, new double[extra]), 0.0, priorPerPair)]);
        double[] theta = Maximise(rows, size);
        double[] strengths = [.. theta.Take(players - 1), 0];
        double mean = strengths.Average();
        double likelihood = games.Select((g, i) => LogLikelihood(rows[i].Row, g.Score, theta)).Sum();
        return new([.. strengths.Select(s => s - mean)], theta[(players - 1)..], likelihood);
    }

    /// <summary>Online Elo ratings: all start at 1000, games in order, step <paramref name="k"/>.</summary>
    public static double[] Elo(int players, IEnumerable<Game> games, double k)
    {
        double[] ratings = new double[players];
        Array.Fill(ratings, 1000);
        foreach (Game game in games)
        {
            double expected = 1 / (1 + Math.Pow(10, (ratings[game.Second] - ratings[game.First]) / 400));
            double change = k * (game.Score - expected);
            ratings[game.First] += change;
            ratings[game.Second] -= change;
        }
        return ratings;
    }

    private static double[] RowOf(Game game, int players, double[] extra)
    {
        double[] row = new double[players - 1 + extra.Length];
        if (game.First < players - 1) row[game.First] += 1;
        if (game.Second < players - 1) row[game.Second] -= 1;
        extra.CopyTo(row, players - 1);
        return row;
    }

    private static double[] Maximise(List<(double[] Row, double Score, double Weight)> rows, int size)
    {
        Vector<double> theta = Vector<double>.Build.Dense(size);
        for (int iteration = 0; iteration < MaxIterations; iteration++)
        {
            Vector<double> gradient = Vector<double>.Build.Dense(size);
            Matrix<double> hessian = Matrix<double>.Build.Dense(size, size);
            foreach ((double[] row, double score, double weight) in rows)
            {
                Vector<double> x = Vector<double>.Build.Dense(row);
                double p = 1 / (1 + Math.Exp(-x.DotProduct(theta)));
                gradient += weight * (score - p) * x;
                hessian += weight * p * (1 - p) * x.OuterProduct(x);
            }
            Vector<double> step = hessian.Solve(gradient);
            // Newton's step may overshoot far from the optimum; a bound on its length keeps it inside the useful range.
            double length = step.AbsoluteMaximum();
            if (double.IsNaN(length)) break;
            theta += length > 2 ? step * (2 / length) : step;
            if (length < 1e-13) break;
        }
        return theta.AbsoluteMaximum() < MaxStrength ? [.. theta] : throw new InvalidOperationException("the games allow no finite strengths; use a prior of half a win per pair");
    }

    private static double LogLikelihood(double[] row, double score, double[] theta)
    {
        double z = row.Zip(theta, (a, b) => a * b).Sum();
        return score * z - (z > 0 ? z + double.LogP1(Math.Exp(-z)) : double.LogP1(Math.Exp(z)));
    }
}
