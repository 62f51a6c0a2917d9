namespace Hone.Evaluation.TailMetrics;

/// <summary>What sampling gave for one question in one round of self-improvement.</summary>
/// <param name="Id">The question's stable name.</param>
/// <param name="Difficulty">1 (easiest) to <see cref="Difficulty.Levels"/> (hardest), fixed once before the first round.</param>
/// <param name="Correct">Correct solutions found.</param>
/// <param name="Kept">Solutions that go into the training set, each with its length in tokens.</param>
public sealed record QuestionOutcome(string Id, int Difficulty, int Correct, IReadOnlyList<KeptSolution> Kept);

/// <summary>A solution that is kept for training.</summary>
/// <param name="Text">The solution.</param>
/// <param name="Tokens">Its length in tokens.</param>
public readonly record struct KeptSolution(string Text, int Tokens);

/// <summary>Levels of difficulty by the first model's success rate.</summary>
public static class Difficulty
{
    /// <summary>Number of levels.</summary>
    public const int Levels = 5;

    /// <summary>
    /// 5 for success rates below 0.2, 4 below 0.4, … 1 from 0.8 on. Fix the level with the first model and never change it, or
    /// later rounds are not comparable.
    /// </summary>
    /// <param name="successRate">Share of the first model's unguided draws that were right, 0..1.</param>
    public static int LevelOf(double successRate) => Levels - Math.Clamp((int)(successRate * Levels), 0, Levels - 1);
}
