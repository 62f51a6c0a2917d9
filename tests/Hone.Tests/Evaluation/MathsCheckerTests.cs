using System.Diagnostics;
using Hone.Evaluation.Checkers;

namespace Hone.Tests.Evaluation;

public class MathsCheckerTests
{
    private static readonly MathsChecker Checker = new();

    private static Row Answer(string answer) => new("r", new() { ["question"] = "q", ["answer"] = answer });

    [Theory]
    [InlineData("\\frac{1}{2}", "so it is \\boxed{0.5}", true)]
    [InlineData("x^2-1", "$(x-1)(x+1)$", true)]
    [InlineData("x^2-1", "$(x-1)^2$", false)]
    [InlineData("\\{1,2\\}", "$x=2$ or so; \\boxed{2, 1}", true)]
    [InlineData("3", "the answer is 3.0", true)]
    [InlineData("\\sqrt{50}", "$5\\sqrt2$", true)]
    [InlineData("(1, 2)", "\\boxed{(2, 1)}", false)]
    [InlineData("42", "I do not know", false)]
    [InlineData("\\frac{1}{2}", "\\boxed{\\frac{1}{2}", false)]
    public void AnswersAreComparedByMeaning(string answer, string output, bool right) => Assert.Equal(right, Checker.Check(Answer(answer), output).Passes);

    [Fact]
    public void AReferenceThatIsNoMathematicsCannotBeJudged()
    {
        Assert.Null(Checker.Check(Answer("who knows"), "3").Value);
        Assert.Equal("1/2", Checker.Extract(Answer("1"), "\\boxed{0.5}"));
        Assert.Equal("x+1", Checker.Extract(Answer("1"), "\\boxed{x + 1}"));
        Assert.Null(Checker.Extract(Answer("1"), "no"));
    }

    [Fact]
    public void FuzzedLatexNeverCrashesNorHangs()
    {
        string[] parts = ["\\frac", "\\sqrt", "{", "}", "(", ")", "[", "]", "\\{", "\\}", "1", "23", ".5", "x", "^", "_", "+", "-", "*", "/", "=", "<", "\\le", ",", "!", "%",
            "|", "$", "\\pi", "\\sum_{k=1}^{9}", "\\boxed{", "\\text{a}", "\\begin{pmatrix}", "\\end{pmatrix}", "\\\\", "&", "\\pm", "\\cup", "\\infty", "9^9^9", "\\binom", "e", "i", " "];
        RandomStream random = new(3, "latex");
        Stopwatch slowest = new();
        TimeSpan longest = TimeSpan.Zero;
        int equal = 0;
        for (int n = 0; n < 10_000; n++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 25)).Select(_ => random.Choose(parts)));
            slowest.Restart();
            equal += Checker.AreEqual($"${text}$", $"\\boxed{{{text}}}") ? 1 : 0;
            if (slowest.Elapsed > longest) longest = slowest.Elapsed;
        }
        Assert.True(equal > 300, $"only {equal} of the texts could be read");
        Assert.True(longest < TimeSpan.FromSeconds(10), $"one pair took {longest}");
    }

    [Fact]
    public void SumsWithinSumsAndLongListsCostBoundedWork()
    {
        Stopwatch clock = Stopwatch.StartNew();
        string nested = string.Concat(Enumerable.Range(0, 6).Select(i => $"\\sum_{{{(char)('a' + i)}=1}}^{{9999}}")) + "a";
        Assert.False(Checker.AreEqual($"${nested}$", "$1$"));
        string list = string.Join(',', Enumerable.Range(0, 900).Select(i => $"x+{i}"));
        Assert.False(Checker.AreEqual($"${list}$", $"$1,{list}$"));
        Assert.True(Checker.AreEqual("$\\sum_{k=1}^{9999} k$", "49995000"));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"took {clock.Elapsed}");
    }

    [Theory]
    [InlineData('(')]
    [InlineData('{')]
    [InlineData('-')]
    [InlineData('9')]
    public void LongHostileTextIsRefusedQuickly(char c)
    {
        string text = "$" + new string(c, 100_000) + "$";
        Assert.False(Checker.AreEqual("$1$", text));
    }
}
