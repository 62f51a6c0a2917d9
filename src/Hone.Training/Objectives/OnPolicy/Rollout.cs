using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>
/// Sampled completions as an on-policy loss sees them; arrays are [tokens] unless said otherwise, of all completions one after the other.
/// </summary>
/// <param name="Policy">Log-probabilities under the policy that is trained.</param>
/// <param name="Row">Number of the completion of each token; −1 where the token is masked.</param>
/// <param name="Rows">Completions.</param>
/// <param name="Advantages">[completions].</param>
public sealed record Rollout(Column Policy, int[] Row, int Rows, double[] Advantages)
{
    /// <summary>Log-probabilities when the completions were sampled; null: those of now, held fixed.</summary>
    public double[]? Old { get; init; }

    /// <summary>Log-probabilities under the reference policy.</summary>
    public double[]? Reference { get; init; }

    /// <summary>Entropies of the policy, which the entropy bonus and the entropy mask read.</summary>
    public double[]? Entropy { get; init; }

    /// <summary>Tokens that count.</summary>
    public int Tokens => Row.Count(r => r >= 0);

    /// <summary>Tokens that count, by completion.</summary>
    public double[] Lengths()
    {
        double[] lengths = new double[Rows];
        foreach (int row in Row)
            if (row >= 0) lengths[row]++;
        return lengths;
    }

    /// <summary>A number of each completion, [completions], spread over its tokens.</summary>
    public Column Spread(double[] values) => Policy.Graph.Constant([.. Row.Select(r => r < 0 ? 0 : values[r])]);

    /// <summary>A column of completions spread over their tokens.</summary>
    public Column Spread(Column values) => values.Pick([.. Row.Select(r => Math.Max(0, r))]);

    /// <summary>Mean over the tokens that count.</summary>
    public double Mean(Func<int, double> value)
    {
        int tokens = Tokens;
        double sum = 0;
        for (int i = 0; i < Row.Length; i++)
            if (Row[i] >= 0) sum += value(i);
        return tokens == 0 ? 0 : sum / tokens;
    }

    /// <summary>[completions] mean over each completion's tokens; 0 for an empty one.</summary>
    public double[] RowMeans(Func<int, double> value)
    {
        double[] sums = new double[Rows], lengths = Lengths();
        for (int i = 0; i < Row.Length; i++)
            if (Row[i] >= 0) sums[Row[i]] += value(i);
        return [.. sums.Select((s, r) => s / Math.Max(1, lengths[r]))];
    }
}
