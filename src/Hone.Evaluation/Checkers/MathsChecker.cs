using Hone.Core;
using Hone.Evaluation.Checkers.Maths;

namespace Hone.Evaluation.Checkers;

/// <summary>
/// Compares mathematical answers by meaning: exact fractions, decimals, percents, roots, polynomials, sets, intervals, equations,
/// matrices, in LaTeX or plain text. Verdicts follow math-verify, its
/// leniencies included: units are dropped, 50 % is 0.5 and 50, i is a letter. Letters are compared at random points.
/// </summary>
/// <param name="options">How lenient to be; the defaults of math-verify when null.</param>
public sealed class MathsChecker(MathsOptions? options = null) : IChecker
{
    private readonly MathEquality equality = new(options ?? new());

    public string Name => "maths";

    /// <summary>Whether the answer found in <paramref name="output"/> means the same as the one found in <paramref name="gold"/>.</summary>
    public bool AreEqual(string gold, string output)
    {
        if (MathExtraction.Extract(gold) is not { } wanted || MathExtraction.Extract(output) is not { } given) return false;
        return wanted.Text == given.Text || (wanted.Node is not null && given.Node is not null && equality.AreEqual(wanted.Node, given.Node));
    }

    public Score Check(Row row, string output)
    {
        string gold = GoldOf(row);
        if (MathExtraction.Extract(gold) is null) return Score.CannotJudge($"the reference answer '{ExactChecker.Shortened(row.Text("answer"))}' cannot be read as mathematics");
        if (MathExtraction.Extract(output) is not { } given) return Score.Wrong("no formula or number in the output");
        return AreEqual(gold, output) ? Score.Right : Score.Wrong($"'{ExactChecker.Shortened(given.Text)}' is not equal to '{ExactChecker.Shortened(row.Text("answer"))}'");
    }

    public string? Extract(Row row, string output) => MathExtraction.Extract(output) is { } found
        ? found.Node is not null && MathValue.Exact(found.Node) is { } exact ? exact.ToString() : string.Concat(found.Text.Where(c => !char.IsWhiteSpace(c)))
        : null;

    /// <summary>A bare formula such as \frac{1}{2} in the data set is meant as a formula.</summary>
    private static string GoldOf(Row row)
    {
        string answer = row.Text("answer");
        return answer.Contains('$') || answer.Contains("\\boxed") || !answer.AsSpan().ContainsAny('\\', '^', '_') ? answer : $"${answer}$";
    }
}
