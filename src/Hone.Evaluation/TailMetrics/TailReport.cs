namespace Hone.Evaluation.TailMetrics;

/// <summary>Mean and upper percentiles of lengths, in tokens; NaN where there are none.</summary>
public readonly record struct LengthSummary(double Mean, double P90, double P99);

/// <summary>
/// How much of the hard end of a question set survives into the training set. Measures of "Mitigating Tail Narrowing in LLM
/// Self-Improvement via Socratic-Guided Sampling", arXiv:2411.00750, with definitions where the paper shows only figures.
/// </summary>
public sealed record TailReport
{
    /// <summary>Questions by number of correct solutions: index c holds how many have exactly c.</summary>
    public required IReadOnlyList<int> CorrectHistogram { get; init; }

    /// <summary>Share of questions without a correct solution.</summary>
    public required double ShareUnsolved { get; init; }

    /// <summary>Share of questions with some correct solutions, but fewer than wanted.</summary>
    public required double ShareShort { get; init; }

    /// <summary>Share of questions with as many correct solutions as wanted.</summary>
    public required double ShareSatisfied { get; init; }

    /// <summary>Share of questions with at least one correct solution.</summary>
    public required double Coverage { get; init; }

    /// <summary>Share of kept rows per level of difficulty, easiest first.</summary>
    public required IReadOnlyList<double> KeptShareByLevel { get; init; }

    /// <summary>Share of questions per level of difficulty, easiest first.</summary>
    public required IReadOnlyList<double> QuestionShareByLevel { get; init; }

    /// <summary>
    /// Kept share over question share of the hardest level that has questions; 1 means the tail is kept in proportion. NaN
    /// without kept rows.
    /// </summary>
    public required double TailRatio { get; init; }

    /// <summary>Entropy of rows per question over ln(number of questions): 1 when all have equally many.</summary>
    public required double NormalisedEntropy { get; init; }

    /// <summary>Gini coefficient of rows per question: 0 when all have equally many.</summary>
    public required double Gini { get; init; }

    /// <summary>Lengths of kept solutions.</summary>
    public required LengthSummary KeptLength { get; init; }

    /// <summary>Lengths of reference solutions.</summary>
    public required LengthSummary ReferenceLength { get; init; }

    /// <summary>Mean number of different kept solutions per question that has any, texts compared without outer and repeated space.</summary>
    public required double DistinctPerQuestion { get; init; }
}
