using Hone.Evaluation.Tasks;

namespace Hone.Tests.Evaluation;

public class WordProblemTests
{
    [Fact]
    public void InvariantsHoldOverAHundredThousandProblems()
    {
        HashSet<string> vocabulary = [.. WordProblems.Vocabulary];
        for (int n = 0; n < 100_000; n++)
        {
            WordProblem problem = WordProblems.At(ProblemSplit.Train, 11, n);
            Assert.InRange(problem.Steps.Count, 2, 4);
            HashSet<int> numbers = QuestionNumbers.Of(problem.Question);
            foreach (Equation step in problem.Steps)
            {
                Assert.True(step.Holds);
                Assert.All([step.Left, step.Right, step.Result], v => Assert.InRange(v, 2, 99));
                if (step.Operator is '/') Assert.InRange(step.Right, 2, 9);
                Assert.True(numbers.Contains(step.Left) && numbers.Contains(step.Right), problem.ToString());
                numbers.Add(step.Result);
            }
            Assert.True(StepVerifier.Judge(problem.Question, problem.Steps, problem.Solution).IsAccepted, problem.Solution);
            if (n % 10 == 0) Assert.All(WordProblemVocabulary.Split(problem.Question + problem.Solution).Where(t => t != "\n"), t => Assert.Contains(t, vocabulary));
            Assert.DoesNotContain('{', problem.Question);
        }
    }

    [Fact]
    public void EveryResultIsUsedOnceLaterOrIsTheAnswer()
    {
        foreach (WordProblem problem in WordProblems.Stream(ProblemSplit.Train, 12).Take(5000))
        {
            for (int i = 0; i < problem.Steps.Count - 1; i++)
                Assert.Contains(problem.Steps.Skip(i + 1), s => s.Left == problem.Steps[i].Result || s.Right == problem.Steps[i].Result);
        }
    }

    [Fact]
    public void ProblemIsAPureFunctionOfSplitSeedAndNumber()
    {
        WordProblem[] stream = [.. WordProblems.Stream(ProblemSplit.Train, 5).Take(50)];
        Assert.Equal(stream[37].Question, WordProblems.At(ProblemSplit.Train, 5, 37).Question);
        Assert.Equal(stream[40].Solution, WordProblems.Stream(ProblemSplit.Train, 5, start: 40).First().Solution);
        Assert.NotEqual(stream[0].Question, WordProblems.At(ProblemSplit.Train, 6, 0).Question);
    }

    [Fact]
    public void SplitsNeverShareAQuestion()
    {
        HashSet<string> train = [.. WordProblems.Stream(ProblemSplit.Train, 1).Take(30_000).Select(p => p.Question)];
        foreach (ProblemSplit split in Enum.GetValues<ProblemSplit>().Where(s => s != ProblemSplit.Train))
            Assert.DoesNotContain(WordProblems.Stream(split, 1).Take(800), p => train.Contains(p.Question) || WordProblems.SideOf(p.Question) == 2);
    }

    [Fact]
    public void EachSplitIsWhatItsNameSays()
    {
        string[] unseenNames = ["Amy", "Bob", "Lucy", "Mark", "Nina", "Tom"];
        Assert.All(WordProblems.Stream(ProblemSplit.Longer, 2).Take(300), p => Assert.InRange(p.Steps.Count, 5, 6));
        Assert.All(WordProblems.Stream(ProblemSplit.UnseenNames, 2).Take(300), p => Assert.Contains(unseenNames, p.Question.Contains));
        Assert.All(WordProblems.Stream(ProblemSplit.UnseenTemplates, 2).Take(300), p => Assert.All(p.Templates, t => Assert.Contains(".unseen.", t)));
        Assert.All(WordProblems.Stream(ProblemSplit.HeldOut, 2).Take(300), p => Assert.All(p.Templates, t => Assert.Contains(".seen.", t)));
        Assert.All(WordProblems.Stream(ProblemSplit.Train, 2).Take(3000), p => Assert.DoesNotContain(unseenNames, p.Question.Contains));
    }

    [Fact]
    public void RicherGrammarOccursAndRowsStayShort()
    {
        WordProblem[] problems = [.. WordProblems.Stream(ProblemSplit.Train, 3).Take(6000)];
        foreach (string part in new[] { "distractor", "price", "unit-price", "more", "fewer", "twice", "half-as-many", "ask-together", "ask-difference", "groups" })
            Assert.Contains(problems, p => p.Templates.Any(t => t.StartsWith(part + ".", StringComparison.Ordinal)));
        Assert.Equal(["chain", "comparison", "price"], problems.Select(p => p.Family).Distinct().Order());
        int[] tokens = [.. problems.Select(p => WordProblemVocabulary.Split($"{p.Question}\n{p.Solution}").Count).Order()];
        Assert.InRange(tokens[^1], 60, 125);
        Assert.InRange(tokens[tokens.Length / 2], 60, 90);
        Assert.InRange(WordProblems.Vocabulary.Count, 150, 300);
    }

    [Fact]
    public void StepWeightsShapeTheStreamAndBadOptionsAreRefused()
    {
        WordProblemOptions tail = new() { MinSteps = 1, MaxSteps = 6, StepWeights = [32, 16, 8, 4, 2, 1], Families = ["chain"] };
        WordProblem[] problems = [.. WordProblems.Stream(ProblemSplit.Train, 3, 0, tail).Take(6300)];
        Assert.InRange(problems.Count(p => p.Steps.Count == 1), 3000, 3400);
        Assert.InRange(problems.Count(p => p.Steps.Count == 6), 60, 150);
        Assert.Throws<HoneException>(() => WordProblems.At(ProblemSplit.Train, 1, 0, new() { MaxSteps = 7 }));
        Assert.Contains("Did you mean 'price'", Assert.Throws<HoneException>(() => WordProblems.At(ProblemSplit.Train, 1, 0, new() { Families = ["prise"] })).Message);
    }

    [Fact]
    public void LargerNumbersStayInTheirBounds()
    {
        WordProblemOptions options = new() { MaxValue = 999 };
        WordProblem[] problems = [.. WordProblems.Stream(ProblemSplit.HeldOut, 3, 0, options).Take(3000)];
        Assert.All(problems.SelectMany(p => p.Steps), s => Assert.InRange(s.Result, 2, 999));
        Assert.Contains(problems.SelectMany(p => p.Steps), s => s.Result > 500);
    }

    [Fact]
    public void RowsCarryEverythingAndAreDistinct()
    {
        IReadOnlyList<Row> rows = WordProblems.Take(ProblemSplit.Validation, 9, 400);
        Assert.Equal(400, rows.Select(r => r.Text("question")).Distinct().Count());
        Assert.All(rows, r => Assert.Equal(r.Text("rationale").Split('\n').Length.ToString(), r.Text("k")));
        Assert.Equal("validation/9/0", rows[0].Id);
    }
}
