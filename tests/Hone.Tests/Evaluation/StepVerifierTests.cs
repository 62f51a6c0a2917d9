using Hone.Evaluation.Tasks;

namespace Hone.Tests.Evaluation;

public class StepVerifierTests
{
    private const string Question = "Ann has 38 cups. She gives half of the cups to Ben. A week later she has 4 times as many cups. Cora has 9 cups. How many cups does Ann have now?";
    private static readonly Equation[] Reference = [Equation.Of(38, '/', 2), Equation.Of(19, '*', 4)];

    [Fact]
    public void Names_stand_before_the_numbers_that_are_theirs()
    {
        string line = "Tina 36 - Leo 30 = 6";
        Equation step = Equation.Parse(line)!.Value;
        Assert.Equal(new Equation(36, '-', 30, 6, "", "Tina", "Leo"), step);
        Assert.Equal(line, step.ToString());
        Assert.Equal("Tina 36 - 21 = Leo 15", Equation.Of(36, '-', 21, "Leo", "Tina").ToString());
        Assert.Null(Equation.Parse("Tina: 36 - 21 = 15"));
        foreach (WordProblem problem in WordProblems.Stream(ProblemSplit.Train, 9, options: new() { Families = ["comparison"] }).Take(500))
            Assert.All(problem.Steps, s => Assert.Equal(s, Equation.Parse(s.ToString())));
    }

    [Theory]
    [InlineData("38 / 2 = 19\n19 * 4 = 76\nanswer: 76", null)]
    [InlineData("38 / 2 = 19\n4 * 19 = 76\nanswer: 76\n", null)]
    [InlineData("38 / 2 = 18\n18 * 4 = 72\nanswer: 72", StepLabel.ArithmeticSlip)]
    [InlineData("38 / 9 = 19\n19 * 4 = 76\nanswer: 76", StepLabel.WrongOperand)]
    [InlineData("38 * 2 = 76\nanswer: 76", StepLabel.WrongOperator)]
    [InlineData("38 / 2 = 19\n38 * 4 = 152\nanswer: 152", StepLabel.BadChaining)]
    [InlineData("19 * 4 = 76\nanswer: 76", StepLabel.BadChaining)]
    [InlineData("38 / 2 = 19\n19 * 4 = 76\nanswer: 67", StepLabel.WrongFinalCopy)]
    [InlineData("38 / 2 = 19\nanswer: 19", StepLabel.MissingStep)]
    [InlineData("38 / 2 = 19\n19 * 4 = 76", StepLabel.MissingStep)]
    [InlineData("38 / 2 = 19\n19 * 4 = 76\n76 / 4 = 19\nanswer: 19", StepLabel.WrongOperand)]
    [InlineData("38/2=19\n19 * 4 = 76\nanswer: 76", StepLabel.Malformed)]
    [InlineData("38 / 2 = 019\n19 * 4 = 76\nanswer: 76", StepLabel.Malformed)]
    [InlineData("38 / 2 = 19\n19 * 4 = 76\nanswer: 76\nand so on", StepLabel.Malformed)]
    [InlineData("answer: 76", StepLabel.WrongFinalCopy)]
    [InlineData("", StepLabel.MissingStep)]
    public void FirstErrorIsNamed(string output, StepLabel? expected)
    {
        SolutionJudgement judgement = StepVerifier.Judge(Question, Reference, output);
        Assert.Equal(expected, judgement.FirstError?.Label);
        Assert.Equal(expected is null, judgement.IsAccepted);
    }

    [Fact]
    public void IndependentStepsMayChangePlaces()
    {
        Equation[] reference = [Equation.Of(6, '*', 2), Equation.Of(3, '*', 5), Equation.Of(12, '+', 15)];
        const string question = "Ann buys 6 pens for 2 dollars each and 3 cups for 5 dollars each.";
        Assert.True(StepVerifier.Judge(question, reference, "3 * 5 = 15\n6 * 2 = 12\n15 + 12 = 27\nanswer: 27").IsAccepted);
        Assert.Equal(StepLabel.BadChaining, StepVerifier.Judge(question, reference, "12 + 15 = 27\n6 * 2 = 12\n3 * 5 = 15\nanswer: 15").FirstError?.Label);
        Assert.Equal(StepLabel.BadChaining, StepVerifier.Judge(question, reference, "6 * 2 = 12\n3 * 5 = 15\n6 + 3 = 9\nanswer: 9").FirstError?.Label);
    }

    [Fact]
    public void EverySingleDigitCorruptionIsRejected()
    {
        int tried = 0;
        foreach (WordProblem problem in WordProblems.Stream(ProblemSplit.Train, 21).Take(500))
        {
            char[] solution = problem.Solution.ToCharArray();
            for (int i = 0; i < solution.Length; i++)
            {
                if (!char.IsAsciiDigit(solution[i])) continue;
                char kept = solution[i];
                for (char digit = '0'; digit <= '9'; digit++)
                {
                    if (digit == kept) continue;
                    solution[i] = digit;
                    Assert.False(StepVerifier.Judge(problem.Question, problem.Steps, new(solution)).IsAccepted, new(solution));
                    tried++;
                }
                solution[i] = kept;
            }
        }
        Assert.True(tried > 70_000);
    }

    [Fact]
    public void RowsWithoutEquationsAreRefused()
    {
        Row row = new("r", new() { ["question"] = "q", ["answer"] = "1", ["rationale"] = "think hard" });
        Assert.Throws<HoneException>(() => StepVerifier.Judge(row, "1 + 1 = 2"));
        Assert.Null(StepVerifier.ReferenceOf(row.With("rationale", "2 + 2 = 5")));
        Assert.Null(StepVerifier.ReferenceOf(row.With("rationale", null)));
    }

    [Theory]
    [InlineData("999999 * 999999 = 1")]
    [InlineData("1 / 0 = 0")]
    public void HugeAndImpossibleOperationsDoNotHold(string line) => Assert.False(Equation.Parse(line)!.Value.Holds);
}
