using Hone.Methods.Tokens;

namespace Hone.Tests.Methods;

public class TokenDiffTests
{
    [Fact]
    public void The_edit_distance_equals_the_plain_recursion_and_is_a_metric()
    {
        RandomStream random = new(1, "strings");
        string Draw() => new([.. Enumerable.Range(0, random.Next(7)).Select(_ => (char)('a' + random.Next(3)))]);
        for (int n = 0; n < 400; n++)
        {
            (string a, string b, string c) = (Draw(), Draw(), Draw());
            int distance = Levenshtein.Distance<char>(a, b);
            Assert.Equal(Recursive(a, b), distance);
            Assert.Equal(distance, Levenshtein.Distance<char>(b, a));
            Assert.True(Levenshtein.Distance<char>(a, c) <= distance + Levenshtein.Distance<char>(b, c));
            Assert.Equal(a == b, distance == 0);
        }
    }

    [Theory]
    [InlineData(DiffKind.Levenshtein)]
    [InlineData(DiffKind.Blocks)]
    public void One_edit_marks_what_it_touched(DiffKind kind)
    {
        int[] text = [1, 2, 3, 4, 5];
        Assert.Equal(("00000", "00000"), Masks(text, text, kind));
        Assert.Equal(("00100", "00100"), Masks([1, 2, 9, 4, 5], text, kind)); // replaced
        Assert.Equal(("001000", "00000"), Masks([1, 2, 9, 3, 4, 5], text, kind)); // inserted: nothing on the other side
        Assert.Equal(("0000", "00100"), Masks([1, 2, 4, 5], text, kind)); // deleted
        Assert.Equal(("00000", "00000"), Masks([1, 2, 9, 4, 5], text, kind, new HashSet<int> { 9, 3 })); // ignored
        Assert.Equal(("1", ""), Masks([7], [], kind));
    }

    [Theory]
    [InlineData(DiffKind.Levenshtein)]
    [InlineData(DiffKind.Blocks)]
    public void Matched_tokens_are_a_common_subsequence_and_exchanging_the_sides_exchanges_the_masks(DiffKind kind)
    {
        RandomStream random = new(2, "sequences");
        int[] Draw() => [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(4))];
        for (int n = 0; n < 300; n++)
        {
            (int[] a, int[] b) = (Draw(), Draw());
            TokenDiff diff = TokenDiff.Of(a, b, kind), other = TokenDiff.Of(b, a, kind);
            Assert.Equal(a.Where((_, i) => !diff.First[i]), b.Where((_, i) => !diff.Second[i])); // what is left on both sides is the same text
            if (kind == DiffKind.Levenshtein) Assert.Equal(diff.First.Count(d => d), other.Second.Count(d => d));
            int edits = Math.Max(diff.First.Count(d => d), diff.Second.Count(d => d));
            Assert.True(edits >= Levenshtein.Distance<int>(a, b) - Math.Min(diff.First.Count(d => d), diff.Second.Count(d => d)));
        }
        Assert.Equal((Masks([1, 2, 9, 4], [1, 2, 3, 4], kind).Item2, Masks([1, 2, 9, 4], [1, 2, 3, 4], kind).Item1), Masks([1, 2, 3, 4], [1, 2, 9, 4], kind));
    }

    [Fact]
    public void Blocks_keep_long_stretches_together_where_fewest_edits_may_not()
    {
        IReadOnlyList<(int A, int B)> matches = MatchingBlocks.Matches<char>("abcdxyz", "xyzabcd");
        Assert.Equal([(0, 3), (1, 4), (2, 5), (3, 6)], matches);
    }

    [Fact]
    public void Equations_are_found_in_running_text_with_and_without_names()
    {
        EquationSpan[] found = [.. EquationSpan.Find("Mia 38 / 2 = Tom 19, then 3*4=13 and 1.5 + 2 = 3.5")];
        Assert.Equal(2, found.Length);
        Assert.Equal((38, '/', 2, 19, true), (found[0].A, found[0].Operator, found[0].B, found[0].C, found[0].Holds));
        Assert.Equal("38 / 3 = Tom 19", (found[0] with { B = 3 }).ToString());
        Assert.Equal("3*4=12", (found[1] with { C = 12 }).ToString());
        Assert.Equal("Mia 38 / 2 = Tom 20, then 3*4=13", (found[0] with { C = 20 }).In("Mia 38 / 2 = Tom 19, then 3*4=13"));
    }

    private static (string, string) Masks(int[] first, int[] second, DiffKind kind, IReadOnlySet<int>? ignored = null)
    {
        TokenDiff diff = TokenDiff.Of(first, second, kind, ignored);
        return (string.Concat(diff.First.Select(d => d ? '1' : '0')), string.Concat(diff.Second.Select(d => d ? '1' : '0')));
    }

    private static int Recursive(string a, string b) => a.Length == 0 ? b.Length : b.Length == 0 ? a.Length : Math.Min(
        Recursive(a[1..], b[1..]) + (a[0] == b[0] ? 0 : 1), Math.Min(Recursive(a[1..], b), Recursive(a, b[1..])) + 1);
}
