using System.Text;
using System.Text.RegularExpressions;
using Hone.Core;
using Hone.Models.Tokenizers.Patterns;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>The pattern engine against .NET's (on text it agrees about), and the scanners against the engine.</summary>
public class PatternTests
{
    private static readonly string[] Alphabet =
    [
        "a", "b", "s", "T", "l", "L", "é", "ſ", "1", "2", "٣", "½", " ", " ", "  ", "\t", "\n", "\r\n", "\u00A0", "\u2028", "'", "'s", "'LL", "'re", ".", ",", "-", "<|",
        "\u0301", "B", "ǅ", "/", "ʰ", "日", "ア", "\U00010400", "\U0001D400", "😀", "\u200D", "\uFEFF",
    ];

    private static string RandomText(RandomStream random, int parts, bool onlyBasic = false)
    {
        StringBuilder text = new();
        for (int i = random.Next(parts); i >= 0; i--)
        {
            string part = random.Choose(Alphabet);
            if (!onlyBasic || !part.Any(char.IsSurrogate)) text.Append(part);
        }
        return text.ToString();
    }

    private static string Show(IEnumerable<(int, int)> ranges) => string.Join(' ', ranges);

    [Theory]
    [InlineData("a+b|b")]
    [InlineData("(a|b)*?s")]
    [InlineData(@"\p{L}+(?=1)|\p{Lu}")]
    [InlineData(@"(?<=a)b|(?<!a)b+")]
    [InlineData(@"(\p{L})\1")]
    [InlineData(@"(?:a|ab)(?:c|bcd)?")]
    [InlineData(@"(?>a*)b|a")]
    [InlineData(@"[^\s\p{L}]+")]
    [InlineData(@"[a-l1-2]{2,3}")]
    [InlineData(@"(?i:l+t?)")]
    [InlineData(@"a??b|.")]
    [InlineData(@"(?:\p{N}{1,3})+?|x*")]
    [InlineData(@"(a*)*b")]
    [InlineData(@"\s+(?!\S)|\s+")]
    [InlineData(@"\A.|.\z")]
    [InlineData(@"\x61\u0062|\t")]
    public void The_engine_agrees_with_the_platform(string pattern)
    {
        RandomStream random = new(3, pattern);
        RegexPattern ours = new(pattern);
        Regex theirs = new(pattern, RegexOptions.CultureInvariant);
        for (int round = 0; round < 300; round++)
        {
            string text = RandomText(random, 14, onlyBasic: true);
            List<(int, int)> expected = [];
            int last = -1;
            // After a match an empty one right at its end does not count, as in the reference.
            foreach (Match match in theirs.Matches(text))
            {
                if (match.Length > 0 || match.Index != last) expected.Add((match.Index, match.Index + match.Length));
                last = match.Index + match.Length;
            }
            Assert.Equal(Show(expected), Show(ours.Find(text).Where(s => s.IsMatch).Select(s => (s.Start, s.End))));
        }
    }

    [Theory]
    [InlineData(Gpt2Scanner.Pattern)]
    [InlineData(Cl100KScanner.ThreeDigits)]
    [InlineData(Cl100KScanner.OneDigit)]
    [InlineData(Gpt4OScanner.Gpt4O)]
    [InlineData(Gpt4OScanner.Tekken)]
    public void Scanners_agree_with_the_engine(string pattern)
    {
        RandomStream random = new(5, pattern);
        RegexPattern engine = new(pattern);
        ScannerPattern scanner = new(PieceScanner.For(pattern)!);
        for (int round = 0; round < 3000; round++)
        {
            string text = RandomText(random, 12);
            Assert.Equal(Show(engine.Find(text).Select(s => (s.Start, s.End))), Show(scanner.Find(text).Select(s => (s.Start, s.End))));
        }
    }

    [Theory]
    [InlineData("a{1,2}+", "aaaaa", "0-5")] // possessive only after ?, * and +
    [InlineData("a++a", "aaa", "")]
    [InlineData(@"[\w&&[^a]]+", "aabs1", "2-5")]
    [InlineData("[[:digit:]]+", "a12", "1-3")]
    [InlineData(@"\p{^L}+", "a12b", "1-3")]
    [InlineData(@"(?x) a  b # comment", "ab", "0-2")]
    [InlineData("(?<first>a)b\\k<first>", "aba", "0-3")]
    [InlineData("^b|a$", "a\nb", "0-1 2-3")]
    [InlineData(@"\R", "a\r\nb", "1-3")]
    [InlineData("[]a]+", "]a", "0-2")]
    [InlineData("[a-]+", "a-", "0-2")]
    [InlineData("a{,2}", "aaa", "0-2 2-3")]
    [InlineData("a{x}", "a{x}", "0-4")]
    [InlineData(@"\p{Greek}+", "aαβ", "1-3")]
    [InlineData("(?i)straße|ſ", "STRAßE S", "0-6 7-8")]
    public void Syntax_of_Oniguruma(string pattern, string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', new RegexPattern(pattern).Find(text).Where(s => s.IsMatch).Select(s => $"{s.Start}-{s.End}")));

    [Theory]
    [InlineData("a)", "a ')' without its '(' at character 2")]
    [InlineData("[a", "a class that is not closed at character 3")]
    [InlineData("*a", "a quantifier with nothing before it at character 1")]
    [InlineData(@"\p{Klingon}", "an unknown property 'Klingon' at character 3")]
    [InlineData(@"(?<=a+)b", "a look-behind of unbounded length at character 8")]
    [InlineData(@"a\2", "a reference to group 2, which does not exist before it at character 4")]
    [InlineData("a{9999}", "a repeat count above 1000 at character 2")]
    [InlineData("[z-a]", "a range with its larger end first at character 5")]
    [InlineData(@"\q", @"an escape '\q' that is not supported at character 3")]
    public void What_is_wrong_with_a_pattern(string pattern, string problem) =>
        Assert.Equal($"pattern '{pattern}': {problem}.", Assert.Throws<HoneException>(() => new RegexPattern(pattern)).Message);

    [Fact]
    public void Programs_stay_small() => Assert.Throws<HoneException>(() => new RegexPattern("((a|b){1000}){1000}"));
}
