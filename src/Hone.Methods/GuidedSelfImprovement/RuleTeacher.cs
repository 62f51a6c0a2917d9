using Hone.Core;
using Hone.Evaluation.Tasks;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>
/// A teacher made of rules, for tasks whose steps can be recomputed: it names the first wrong line and what should stand
/// there. It replaces the card's 70B teacher where no endpoint is configured, and says less than one would.
/// </summary>
public static class RuleTeacher
{
    /// <summary>The correction of a wrong solution, one line of text.</summary>
    public static string Correct(Row row, string wrongSolution)
    {
        IReadOnlyList<Equation> reference = StepVerifier.ReferenceOf(row)
            ?? throw new HoneException("the rule-based teacher needs rationales of one equation per line; configure a teacher endpoint for other data.");
        IReadOnlyList<StepJudgement> lines = StepVerifier.Judge(row, wrongSolution).Lines;
        int first = 0;
        while (first < lines.Count && lines[first].Label == StepLabel.Correct) first++;
        string right = first < reference.Count ? reference[first].ToString() : $"{WordProblem.AnswerMark}{reference[^1].Result}";
        return $"line {first + 1} is wrong; write {right}";
    }
}
