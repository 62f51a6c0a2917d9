using Hone.Inference;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>What the model's rewards say of pairs now, without learning from it.</summary>
/// <param name="Preferences">[rewards][pairs] probability that the first answer is better.</param>
/// <param name="SwapInconsistency">[pairs] |g(a,b) + g(b,a) − 1|: 0 for a judge that does not look at places.</param>
public sealed record ScirScores(double[][] Preferences, double[] SwapInconsistency)
{
    /// <summary>Share of pairs with a known preference on which a reward agrees with it; NaN without such pairs.</summary>
    /// <param name="reward">Index of the reward.</param>
    /// <param name="pairs">The pairs scored.</param>
    public double Accuracy(int reward, IReadOnlyList<ScirPair> pairs)
    {
        int[] known = [.. Enumerable.Range(0, pairs.Count).Where(i => pairs[i].Gold != 0)];
        return known.Length == 0 ? double.NaN : known.Average(i => Preferences[reward][i] != 0.5 && Preferences[reward][i] > 0.5 == pairs[i].Gold > 0 ? 1.0 : 0);
    }

    /// <summary>Scores pairs.</summary>
    /// <param name="model">Policy and judge.</param>
    /// <param name="judge">The judge's question.</param>
    /// <param name="rewards">Rewards.</param>
    /// <param name="pairs">At least one pair, with reference log-probabilities.</param>
    /// <param name="microTokens">Tokens per forward pass at most.</param>
    public static ScirScores Of(TextModel model, JudgePrompt judge, IReadOnlyList<IInternalReward> rewards, IReadOnlyList<ScirPair> pairs, int microTokens)
    {
        List<double>[] preferences = [.. rewards.Select(_ => new List<double>())];
        List<double> swaps = [];
        using Tape tape = new(model.Workers, recording: false);
        foreach (TrainingBatch batch in TrainingBatch.Split([.. pairs.Select(p => p.ToExample(judge))], microTokens))
        {
            tape.Reset();
            ScirBatch rows = new(batch);
            ColumnGraph graph = new();
            PairColumns scores = rows.Scores(graph.Constant(PolicyHead.Doubles(rows.Forward(model.Model, tape, judge, null))));
            for (int r = 0; r < rewards.Count; r++) preferences[r].AddRange(rewards[r].Of(scores).First);
            swaps.AddRange(scores.AsGiven.Values.Zip(scores.Swapped.Values, (a, b) => Math.Abs(Column.Logistic(a) + Column.Logistic(b) - 1)));
        }
        tape.Reset();
        tape.Memory.Dispose();
        return new([.. preferences.Select(p => p.ToArray())], [.. swaps]);
    }
}
