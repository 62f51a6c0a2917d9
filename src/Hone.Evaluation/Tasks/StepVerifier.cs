using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Evaluation.Tasks;

/// <summary>
/// Recomputes a solution of the built-in task line by line: each equation must hold, take its operands from the question or
/// from earlier results, and be a step of the reference solution (in any order that the results allow; the two sides of + and *
/// may change places); then the answer line must repeat the last result.
/// </summary>
public sealed partial class StepVerifier
{
    private readonly HashSet<int> known;
    private readonly List<Equation> open;
    private readonly int answer;
    private readonly HashSet<int> results = [];
    private readonly List<StepJudgement> lines = [];
    private int? lastResult;

    private StepVerifier(string question, IReadOnlyList<Equation> reference)
    {
        known = QuestionNumbers.Of(question);
        open = [.. reference];
        answer = reference[^1].Result;
    }

    /// <summary>Judges <paramref name="output"/> against a reference solution of at least one step.</summary>
    public static SolutionJudgement Judge(string question, IReadOnlyList<Equation> reference, string output) =>
        new StepVerifier(question, reference).Run(output);

    /// <summary>Judges the output for a task row whose rationale is one equation per line.</summary>
    /// <exception cref="HoneException">The row has no such rationale.</exception>
    public static SolutionJudgement Judge(Row row, string output) => Judge(
        row.Text("question"),
        ReferenceOf(row) ?? throw row.Error("field 'rationale' must hold one equation per line, such as 38 / 2 = 19."),
        output);

    /// <summary>The equations of a row's rationale; null where there is none or some line is not an equation that holds.</summary>
    public static IReadOnlyList<Equation>? ReferenceOf(Row row)
    {
        if (row.OptionalText("rationale") is not { } rationale) return null;
        Equation?[] steps = [.. rationale.Split('\n').Select(Equation.Parse)];
        return Array.TrueForAll(steps, s => s is { Holds: true }) ? [.. steps.Select(s => s!.Value)] : null;
    }

    private SolutionJudgement Run(string output)
    {
        string? given = null;
        foreach (string line in output.ReplaceLineEndings("\n").Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0))
        {
            if (given is not null) Add(line, StepLabel.Malformed, "text after the answer line");
            else if (AnswerLine().Match(line) is { Success: true } match) JudgeAnswer(line, given = match.Groups[1].Value);
            else if (Equation.Parse(line) is { } step) JudgeStep(line, step);
            else Add(line, StepLabel.Malformed, "not an equation such as 38 / 2 = 19");
        }
        if (given is null) Add("", StepLabel.MissingStep, "no answer line");
        return new(lines, given);
    }

    private void JudgeStep(string line, Equation step)
    {
        (StepLabel label, string reason) = LabelOf(step);
        Add(line, label, reason);
        results.Add(step.Result);
        lastResult = step.Result;
    }

    private (StepLabel Label, string Reason) LabelOf(Equation step)
    {
        bool available = IsAvailable(step.Left) && IsAvailable(step.Right);
        // After a first mistake the reference no longer fits what follows: later lines are judged for themselves.
        if (lines.Exists(l => l.Label != StepLabel.Correct)) return Unguided(step, available);
        int match = open.FindIndex(r => r.SameOperation(step));
        if (match >= 0 && available)
        {
            open.RemoveAt(match);
            return step.Holds ? (StepLabel.Correct, "") : (StepLabel.ArithmeticSlip, $"{step.Left} {step.Operator} {step.Right} is not {step.Result}");
        }
        if (match >= 0) return (StepLabel.BadChaining, "uses a result before it was worked out");
        if (open.Count == 0) return (StepLabel.WrongOperand, "one step more than the problem needs");
        return AgainstExpected(step, open[0]);
    }

    private static (StepLabel Label, string Reason) Unguided(Equation step, bool available) =>
        !step.Holds ? (StepLabel.ArithmeticSlip, $"{step.Left} {step.Operator} {step.Right} is not {step.Result}")
        : !available ? (StepLabel.WrongOperand, "a number that is neither in the question nor an earlier result")
        : (StepLabel.Correct, "");

    private (StepLabel Label, string Reason) AgainstExpected(Equation step, Equation expected)
    {
        int[] given = [step.Left, step.Right], wanted = [expected.Left, expected.Right];
        if (given.Order().SequenceEqual(wanted.Order()))
            return (StepLabel.WrongOperator, $"expected {expected.Left} {expected.Operator} {expected.Right}");
        bool dropsResult = wanted.Any(w => results.Contains(w) && !given.Contains(w));
        return dropsResult
            ? (StepLabel.BadChaining, $"expected to go on from {string.Join(" and ", wanted.Where(results.Contains))}")
            : (StepLabel.WrongOperand, $"expected {expected.Left} {expected.Operator} {expected.Right}");
    }

    private void JudgeAnswer(string line, string given)
    {
        if (lastResult?.ToString(System.Globalization.CultureInfo.InvariantCulture) != given)
            Add(line, StepLabel.WrongFinalCopy, lastResult is null ? "an answer without a step" : $"the last result is {lastResult}");
        else if (lines.Exists(l => l.Label != StepLabel.Correct)) Add(line, StepLabel.Correct, "");
        else if (open.Count > 0) Add(line, StepLabel.MissingStep, $"still to do: {open[0].Left} {open[0].Operator} {open[0].Right}");
        else if (lastResult != answer) Add(line, StepLabel.WrongFinalCopy, $"the answer is {answer}, the result of another step");
        else Add(line, StepLabel.Correct, "");
    }

    private bool IsAvailable(int number) => known.Contains(number) || results.Contains(number);

    private void Add(string line, StepLabel label, string reason) => lines.Add(new(line, label, reason));

    [GeneratedRegex(@"^answer: (0|[1-9][0-9]{0,5})\z")]
    private static partial Regex AnswerLine();
}
