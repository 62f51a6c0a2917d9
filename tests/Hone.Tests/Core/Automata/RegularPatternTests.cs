using System.Text.Json.Nodes;
using Hone.Core.Automata;

namespace Hone.Tests.Core.Automata;

public class RegularPatternTests
{
    [Fact]
    public void Every_row_of_regex_match_jsonl_is_equal_or_refused_by_name()
    {
        List<string> failures = [], refused = [];
        int rows = 0;
        foreach (string line in File.ReadLines(SharedData.Require("data/golden/structured/regex_match.jsonl")))
        {
            JsonObject row = JsonNode.Parse(line)!.AsObject();
            string pattern = (string)row["pattern"]!, text = (string)row["text"]!;
            rows++;
            try
            {
                RegularPattern regex = RegularPattern.Whole(pattern);
                (bool, bool) got = (regex.IsMatch(text), regex.CanBecomeMatch(text)), want = ((bool)row["full_match"]!, (bool)row["prefix_of_match"]!);
                if (got != want) failures.Add($"{pattern} on '{text}': expected {want}, got {got}");
                bool viaAutomaton = regex.ToAutomaton().IsMatch(text);
                if (viaAutomaton != got.Item1) failures.Add($"{pattern} on '{text}': the deterministic automaton says {viaAutomaton}");
            }
            catch (HoneException error)
            {
                refused.Add(error.Message);
            }
        }
        Parity.Count(rows, rows - failures.Count - refused.Count);
        Assert.Equal(156, rows);
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.Equal(3, refused.Count);
        Assert.All(refused, message => Assert.Contains("a word boundary", message));
    }

    [Theory]
    [InlineData("(?=a)b", "look-around")]
    [InlineData("(a)\\1", "a backreference")]
    [InlineData("\\ba", "a word boundary")]
    [InlineData("(?>a)", "an atomic group")]
    [InlineData("a++", "possessive")]
    [InlineData("[[:alpha:]]", "POSIX")]
    [InlineData("\\p{Script=Klingon}", "Script=Klingon")]
    [InlineData("(a", "missing ')'")]
    [InlineData("a)", "unmatched ')'")]
    [InlineData("[a", "missing ']'")]
    [InlineData("*", "nothing to repeat")]
    [InlineData("[z-a]", "wrong way round")]
    [InlineData("a{2,1}", "wrong way round")]
    [InlineData("((a{1000}){1000}){1000}", "more than")]
    public void What_is_not_regular_or_malformed_is_refused(string pattern, string message) =>
        Assert.Contains(message, Assert.Throws<HoneException>(() => RegularPattern.Whole(pattern)).Message);

    [Theory]
    [InlineData("^a", "xa", false)]
    [InlineData("a$", "xa", true)]
    [InlineData("a$", "ax", false)]
    [InlineData("b|^a", "xa", false)]
    [InlineData("b|^a", "ab", true)]
    [InlineData("", "anything", true)]
    [InlineData("^$", "", true)]
    [InlineData("^$", "x", false)]
    [InlineData("\\d", "\u0664", false)]
    public void A_search_finds_a_match_anywhere_with_anchors_at_the_ends(string pattern, string text, bool found)
    {
        Assert.Equal(found, RegularPattern.Search(pattern).IsMatch(text));
        Assert.Equal(found, RegularPattern.Search(pattern).ToAutomaton().IsMatch(text));
        Assert.NotEqual(found, RegularPattern.Search(pattern).ToAutomaton().Complement().IsMatch(text));
    }

    [Fact]
    public void A_hostile_pattern_takes_linear_time()
    {
        RegularPattern pattern = RegularPattern.Whole("(a|a)*(a|aa)+(a+)+b");
        Assert.False(pattern.IsMatch(new string('a', 20_000)));
    }

    [Fact]
    public void An_automaton_that_would_be_too_large_is_refused() =>
        Assert.Contains("more than", Assert.Throws<HoneException>(() => RegularPattern.Whole("(a|b)*a(a|b){20}").ToAutomaton()).Message);
}
