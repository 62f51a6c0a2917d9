using Hone.Core;
using Hone.Evaluation.Tasks;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// The way counts, not only the answer. Rows of the built-in task: every line must be a step of the reference solution, checked by
/// <see cref="StepVerifier"/>. Other rows: the output must show at least one equation, all of them must hold, and the final
/// number must be right.
/// </summary>
public sealed class EquationStepsChecker : IChecker
{
    private static readonly NumberChecker Number = new();

    public string Name => "equation-steps";

    public Score Check(Row row, string output)
    {
        if (row.Has("templates") && StepVerifier.ReferenceOf(row) is { } reference) return Stepwise(StepVerifier.Judge(row.Text("question"), reference, output));
        IReadOnlyList<ScannedEquation> equations = EquationScanner.Scan(output);
        if (equations.Count == 0) return Score.Wrong("no equation in the output");
        foreach (ScannedEquation equation in equations)
            if (!equation.Holds) return Score.Wrong($"'{equation.Text}' does not hold");
        return Number.Check(row, output);
    }

    public string? Extract(Row row, string output) => Number.Extract(row, output);

    private static Score Stepwise(SolutionJudgement judgement) =>
        judgement.FirstError is { } error ? Score.Wrong($"{error.Label}: '{error.Text}' ({error.Reason})") : Score.Right;
}
