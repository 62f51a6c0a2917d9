namespace Hone.Evaluation.Tasks;

/// <summary>What is right or wrong with one line of a solution.</summary>
public enum StepLabel
{
    /// <summary>The step is part of a solution and its result is right.</summary>
    Correct,

    /// <summary>A number that belongs neither there nor to an earlier step.</summary>
    WrongOperand,

    /// <summary>The right numbers, but another operator than the problem asks for.</summary>
    WrongOperator,

    /// <summary>The right operation with a wrong result.</summary>
    ArithmeticSlip,

    /// <summary>An earlier result should have been carried on and was not.</summary>
    BadChaining,

    /// <summary>The answer line differs from the last result, or from the reference answer.</summary>
    WrongFinalCopy,

    /// <summary>The answer comes before all needed steps are done, or never.</summary>
    MissingStep,

    /// <summary>Not an equation in the agreed form.</summary>
    Malformed,
}

/// <summary>One judged line.</summary>
/// <param name="Text">The line.</param>
/// <param name="Label">What it is.</param>
/// <param name="Reason">One sentence; empty for a correct line.</param>
public readonly record struct StepJudgement(string Text, StepLabel Label, string Reason = "");

/// <summary>A judged solution.</summary>
/// <param name="Lines">Every non-empty line, then one entry without text where the answer line is missing.</param>
/// <param name="Answer">The number of the answer line, or null.</param>
public sealed record SolutionJudgement(IReadOnlyList<StepJudgement> Lines, string? Answer)
{
    /// <summary>Whether every line is correct and the answer line is there.</summary>
    public bool IsAccepted => Lines.All(l => l.Label == StepLabel.Correct);

    /// <summary>The first line that is not correct, or null.</summary>
    public StepJudgement? FirstError => Lines.Cast<StepJudgement?>().FirstOrDefault(l => l!.Value.Label != StepLabel.Correct);
}
