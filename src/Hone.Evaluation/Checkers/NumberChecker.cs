using Hone.Core;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// Compares the final number of the output with that of the row's <c>answer</c> as exact fractions: 72 = 72.0 = $72.
/// </summary>
/// <param name="tolerance">Relative difference still counted as equal; 0 for exact.</param>
public sealed class NumberChecker(double tolerance = 0) : IChecker
{
    public string Name => "number";

    public Score Check(Row row, string output)
    {
        if (NumberText.Final(row.Text("answer")) is not { } wanted) return Score.CannotJudge($"the reference answer '{row.Text("answer")}' holds no number");
        if (NumberText.Final(output) is not { } given) return Score.Wrong("no number in the output");
        return IsEqual(given, wanted) ? Score.Right : Score.Wrong($"{given} instead of {wanted}");
    }

    public string? Extract(Row row, string output) => NumberText.Final(output)?.ToString();

    private bool IsEqual(Rational given, Rational wanted) =>
        given == wanted || (tolerance > 0 && Math.Abs(given.ToDouble() - wanted.ToDouble()) <= tolerance * Math.Abs(wanted.ToDouble()));
}
