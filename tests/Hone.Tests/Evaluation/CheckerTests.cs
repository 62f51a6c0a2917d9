using System.Text.Json.Nodes;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;

namespace Hone.Tests.Evaluation;

public class CheckerTests
{
    private static Row RowOf(string json) => new("r", (JsonObject)JsonNode.Parse(json)!);

    private static Row Answer(string answer) => new("r", new() { ["question"] = "q", ["answer"] = answer });

    [Theory]
    [InlineData("72", "answer: 72.0", true)]
    [InlineData("72", "The answer is $72.", true)]
    [InlineData("1,234", "so 1234 in all", true)]
    [InlineData("0.5", "#### 1/2", true)]
    [InlineData("18", "24 - 6 = 18 dollars. He has 3 dogs.\n#### 18", true)]
    [InlineData("18", "He has 18 cups and 3 dogs", false)]
    [InlineData("50%", "50", true)]
    [InlineData("-3", "the answer is -3", true)]
    [InlineData("3", "10-3", true)]
    [InlineData("-5", "answer: −5", true)]
    [InlineData("7", "**Answer:** 7", true)]
    [InlineData("7", "\\boxed{7} and 8 more", true)]
    [InlineData("7", "", false)]
    [InlineData("7", "seven", false)]
    [InlineData("100", "1e2", true)]
    [InlineData("5", "1,2,5", true)]
    public void NumbersAreComparedExactly(string answer, string output, bool right) => Assert.Equal(right, new NumberChecker().Check(Answer(answer), output).Passes);

    [Fact]
    public void NumberTellsWhyAndWhenItCannotJudge()
    {
        Assert.Null(new NumberChecker().Check(Answer("none"), "3").Value);
        Assert.Equal("4 instead of 3", new NumberChecker().Check(Answer("3"), "4").Reason);
        Assert.True(new NumberChecker(0.01).Check(Answer("3.14159"), "3.14").Passes);
        Assert.Equal("1/2", new NumberChecker().Extract(Answer("3"), "0.50"));
    }

    [Theory]
    [InlineData("Paris", "  paris.\n", true)]
    [InlineData("New York", "new   york", true)]
    [InlineData("Paris", "It is Paris", false)]
    [InlineData("Paris", "thinking\nanswer: Paris", true)]
    public void ExactIgnoresCaseSpaceAndAFinalDot(string answer, string output, bool right) => Assert.Equal(right, new ExactChecker().Check(Answer(answer), output).Passes);

    [Fact]
    public void ExactAcceptsAnyOfSeveralAnswersAndCanMindCase()
    {
        Row row = RowOf("""{"question":"q","answer":"NYC","answers":["New York","NYC"]}""");
        Assert.True(new ExactChecker().Check(row, "new york").Passes);
        Assert.False(new ExactChecker(caseSensitive: true).Check(row, "new york").Passes);
    }

    [Theory]
    [InlineData("ham", "ham", true)]
    [InlineData("ham", " Ham.\n", true)]
    [InlineData("ham", "\"ham\"", true)]
    [InlineData("ham", "spam", false)]
    [InlineData("ham", "This message is ham", false)]
    [InlineData("ham", "", false)]
    [InlineData("ham", "hamburger", false)]
    public void ChoiceIsStrict(string answer, string output, bool right) =>
        Assert.Equal(right, new ChoiceChecker(["ham", "spam"]).Check(Answer(answer), output).Passes);

    [Fact]
    public void ChoiceCanLookInsideTextWhenAsked()
    {
        ChoiceChecker checker = new(["ham", "spam"], findInText: true);
        Assert.True(checker.Check(Answer("ham"), "This message is ham.").Passes);
        Assert.False(checker.Check(Answer("ham"), "ham or spam").Passes);
        Assert.False(checker.Check(Answer("ham"), "hamburger").Passes);
    }

    [Theory]
    [InlineData("B", "B", true)]
    [InlineData("B", "(b)", true)]
    [InlineData("B", "B) green", true)]
    [InlineData("green", "B.", true)]
    [InlineData("B", "green", true)]
    [InlineData("B", "answer: (B)", true)]
    [InlineData("B", "B) red", false)]
    [InlineData("B", "E", false)]
    [InlineData("B", "A", false)]
    public void ChoiceKnowsOptionLettersAndTexts(string answer, string output, bool right)
    {
        Row row = RowOf($$"""{"question":"q","answer":"{{answer}}","choices":["red","green","blue"]}""");
        Assert.Equal(right, new ChoiceChecker([]).Check(row, output).Passes);
    }

    [Fact]
    public void RegexMatchesOrCompares()
    {
        Assert.True(new RegexChecker("^[ab]+$").Check(Answer("x"), "abba").Passes);
        RegexChecker grouped = new("value (\\w+)");
        Assert.True(grouped.Check(Answer("x"), "value y value x").Passes);
        Assert.False(grouped.Check(Answer("x"), "value y").Passes);
        Assert.True(new RegexChecker(null).Check(RowOf("""{"answer":"","pattern":"^z"}"""), "zoo").Passes);
        Assert.Throws<HoneException>(() => new RegexChecker("("));
        Assert.Throws<HoneException>(() => new RegexChecker(null).Check(Answer("x"), "y"));
        Assert.Null(new RegexChecker("^(a+)+$").Check(Answer("x"), new string('a', 40) + "b").Value);
    }

    [Theory]
    [InlineData("""{"a":1,"b":[2]}""", "{\"b\":[2],\"a\":1}", true)]
    [InlineData("""{"a":1}""", "Here:\n```json\n{\"a\": 1}\n```", true)]
    [InlineData("""{"a":1}""", "{\"a\":2}", false)]
    [InlineData("""{"a":1}""", "a is 1", false)]
    public void JsonIsComparedByValue(string answer, string output, bool right) => Assert.Equal(right, new JsonChecker(null, null).Check(Answer(answer), output).Passes);

    [Fact]
    public void JsonAsksTheValidator()
    {
        static string? Validate(JsonNode schema, JsonNode? value) => value?["n"]?.GetValue<int>() > 2 ? null : "n must be above 2";
        Row row = RowOf("""{"question":"q","schema":{}}""");
        Assert.True(new JsonChecker(null, Validate).Check(row, "{\"n\":3}").Passes);
        Assert.Equal("n must be above 2", new JsonChecker(null, Validate).Check(row, "{\"n\":1}").Reason);
        Assert.Null(new JsonChecker(null, null).Check(row, "{}").Value);
    }

    [Fact]
    public void EquationStepsJudgesTheWay()
    {
        EquationStepsChecker checker = new();
        Row free = Answer("18");
        Assert.True(checker.Check(free, "24/2 = 12, then 12 + 6 = 18").Passes);
        Assert.False(checker.Check(free, "24/2 = 13, then 12 + 6 = 18").Passes);
        Assert.False(checker.Check(free, "18").Passes);
        Assert.False(checker.Check(free, "24/2 = 12").Passes);
        Row generated = WordProblems.At(ProblemSplit.HeldOut, 1, 0).ToRow();
        Assert.True(checker.Check(generated, $"{generated.Text("rationale")}\nanswer: {generated.Text("answer")}").Passes);
        Assert.StartsWith("Malformed", checker.Check(generated, $"I say {generated.Text("answer")}").Reason);
    }

    [Theory]
    [InlineData("2*(3+4)/5%", "280")]
    [InlineData("-2^2", "-4")]
    [InlineData("2^-2", "1/4")]
    [InlineData("2**3*2", "16")]
    [InlineData("1,200.50 × 2", "2401")]
    [InlineData("$5/2", "5/2")]
    public void ArithmeticIsExact(string text, string value) => Assert.Equal(value, Arithmetic.Evaluate(text)?.ToString());

    [Theory]
    [InlineData("1/0")]
    [InlineData("2+")]
    [InlineData("(2")]
    [InlineData("2^999")]
    [InlineData("two")]
    [InlineData("")]
    [InlineData("9^9^9")]
    public void ArithmeticRefusesTheRest(string text) => Assert.Null(Arithmetic.Evaluate(text));

    [Fact]
    public void EveryCalculatorMarkOfGsm8kHolds()
    {
        string[] lines = File.ReadAllLines(SharedData.Require("data/gsm8k/train_500.jsonl"));
        ScannedEquation[] marks = [.. lines.Select(l => JsonNode.Parse(l)!["answer"]!.GetValue<string>()).Where(a => a.Contains("<<")).SelectMany(EquationScanner.Scan)];
        Assert.Equal(1559, marks.Length);
        Assert.Empty(marks.Where(m => !m.Holds).Select(m => m.Text));
    }

    [Fact]
    public void TheCheckerIsChosenFromTheRows()
    {
        Row[] Rows(params string[] answers) => [.. answers.Select(Answer)];
        string[] spam = [.. Enumerable.Range(0, 20).Select(i => i % 3 == 0 ? "spam" : "ham")];
        Assert.Equal("choice", CheckerRegistry.Choose(Rows(spam)).Checker.Name);
        Assert.Contains("2 labels (ham, spam)", CheckerRegistry.Choose(Rows(spam)).Reason);
        Assert.Equal("number", CheckerRegistry.Choose(Rows("1", "$2,000", "3.5%")).Checker.Name);
        Assert.Equal("exact", CheckerRegistry.Choose(Rows("Paris", "Rome")).Checker.Name);
        Assert.Equal("json", CheckerRegistry.Choose(Rows("{}", "[1]")).Checker.Name);
        Assert.Equal("equation-steps", CheckerRegistry.Choose(WordProblems.Take(ProblemSplit.HeldOut, 1, 10)).Checker.Name);
        Assert.Equal("regex", CheckerRegistry.Choose([RowOf("""{"answer":"a","pattern":"a"}""")]).Checker.Name);
        Assert.Equal("choice", CheckerRegistry.Choose([RowOf("""{"answer":"A","choices":["x","y"]}""")]).Checker.Name);
        Assert.Equal("number", CheckerRegistry.Create("number", []).Name);
        Assert.Contains("Did you mean 'number'", Assert.Throws<HoneException>(() => CheckerRegistry.Create("numbr", [])).Message);
    }
}
