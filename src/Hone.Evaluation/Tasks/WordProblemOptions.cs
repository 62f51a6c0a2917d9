using Hone.Core;

namespace Hone.Evaluation.Tasks;

/// <summary>Which problems of the grammar belong together.</summary>
public enum ProblemSplit
{
    /// <summary>An endless stream to learn from.</summary>
    Train,

    /// <summary>For choosing between rounds; never in training.</summary>
    Validation,

    /// <summary>For the final figure; never in training or validation.</summary>
    HeldOut,

    /// <summary>Held out, five or six steps where training has two to four.</summary>
    Longer,

    /// <summary>Held out, about people whose names never occur in training.</summary>
    UnseenNames,

    /// <summary>Held out, told in sentences that never occur in training.</summary>
    UnseenTemplates,
}

/// <summary>Settings of the word problem generator.</summary>
public sealed record WordProblemOptions
{
    /// <summary>Fewest steps, 1 or more. The split of longer problems does not use it.</summary>
    public int MinSteps { get; init; } = 2;

    /// <summary>Most steps, 6 at most.</summary>
    public int MaxSteps { get; init; } = 4;

    /// <summary>Greatest value that occurs, 20 to 999; the smallest is 2.</summary>
    public int MaxValue { get; init; } = 99;

    /// <summary>Share of problems with an irrelevant sentence, 0 to 1.</summary>
    public double DistractorShare { get; init; } = 0.25;

    /// <summary>Kinds of stories, some of chain, comparison, pair, price. Pair is the hardest and left out unless asked for.</summary>
    public IReadOnlyList<string> Families { get; init; } = ["chain", "comparison", "price"];

    /// <summary>
    /// Relative weight of each number of steps, from <see cref="MinSteps"/> on; equal when null. Halving weights give the long
    /// tail that self-improvement experiments need.
    /// </summary>
    public IReadOnlyList<double>? StepWeights { get; init; }

    /// <summary>Throws where a setting is out of range.</summary>
    /// <exception cref="HoneException">Names the setting and its range.</exception>
    public WordProblemOptions Validated()
    {
        Require(MinSteps >= 1 && MinSteps <= MaxSteps && MaxSteps <= 6, $"steps {MinSteps} to {MaxSteps} must lie in 1 to 6");
        Require(MaxValue is >= 20 and <= 999, $"greatest value {MaxValue} must be 20 to 999");
        Require(DistractorShare is >= 0 and <= 1, $"distractor share {DistractorShare} must be 0 to 1");
        Require(Families.Count > 0, "at least one family of stories is needed");
        foreach (string family in Families)
            if (!WordProblems.Families.ContainsKey(family)) throw HoneException.Unknown("family of word problems", family, WordProblems.Families.Keys);
        Require(StepWeights is null || (StepWeights.Count == MaxSteps - MinSteps + 1 && StepWeights.All(w => w >= 0) && StepWeights.Sum() > 0),
            $"{MaxSteps - MinSteps + 1} step weights of 0 or more are needed");
        return this;
    }

    private static void Require(bool holds, string message)
    {
        if (!holds) throw new HoneException($"word problems: {message}.");
    }
}
