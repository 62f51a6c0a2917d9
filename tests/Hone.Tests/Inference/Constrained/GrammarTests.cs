using System.Text;
using System.Text.Json.Nodes;
using Hone.Core.Automata;
using Hone.Inference.Constrained;
using Hone.Inference.Sampling;

namespace Hone.Tests.Inference.Constrained;

public class GrammarTests
{
    private const string Arithmetic = """
        # sums of products
        root   ::= sum
        sum    ::= term (("+" | "-") term)*
        term   ::= factor ([*/] factor){0,2}
        factor ::= number
                 | "(" sum ")"
        number ::= [0-9]+ ("." [0-9]{1,2})?
        """;

    [Theory]
    [InlineData("1+2*3", true)]
    [InlineData("((1.25))-4/2/1", true)]
    [InlineData("1*2*3*4", false)]
    [InlineData("1.234", false)]
    [InlineData("(1", false)]
    [InlineData("", false)]
    public void Gbnf_rules_recurse_and_repeat(string text, bool taken) => Assert.Equal(taken, ByteTokens.Takes(Grammar.FromGbnf(Arithmetic), text));

    [Theory]
    [InlineData("root ::= \"a\\n\\x41\\u00e9\\\"\"", "a\nAé\"", true)]
    [InlineData("root ::= [^a-c\\n]+", "xyz日", true)]
    [InlineData("root ::= [^a-c\\n]+", "xb", false)]
    [InlineData("root ::= . . \"!\"", "😀é!", true)]
    [InlineData("root ::= a? b+ | \"z\"\na ::= \"a\"\nb ::= \"b\"", "abb", true)]
    [InlineData("root ::= a? b+ | \"z\"\na ::= \"a\"\nb ::= \"b\"", "z", true)]
    [InlineData("root ::= \"\" | \"x\" root", "xxx", true)]
    [InlineData("root ::= (\"a\"*)* \"b\"", "aab", true)]
    [InlineData("root ::= \"a\"\n | \"b\"\n", "b", true)]
    public void Gbnf_parts(string grammar, string text, bool taken) => Assert.Equal(taken, ByteTokens.Takes(Grammar.FromGbnf(grammar), text));

    [Theory]
    [InlineData("root ::= x", "line 1, column 10: rule 'x' is not defined")]
    [InlineData("a ::= \"b\"", "rule 'root' is not defined")]
    [InlineData("root ::= \"a", "a text is not closed")]
    [InlineData("root ::= (\"a\"", "a group is not closed")]
    [InlineData("root ::= [a", "a class is not closed")]
    [InlineData("root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: rule 'root' is defined twice")]
    [InlineData("root = \"a\"", "expected '::='")]
    [InlineData("root ::= \"a\" }", "unexpected '}'")]
    [InlineData("root ::= \"\\q\"", "unknown escape")]
    public void Malformed_gbnf_is_refused_with_its_place(string grammar, string message) =>
        Assert.Contains(message, Assert.Throws<HoneException>(() => Grammar.FromGbnf(grammar)).Message);

    [Theory]
    [InlineData("root ::= root \"a\" | \"b\"")]
    [InlineData("root ::= x\nx ::= \"\" root \"a\" | \"b\"")]
    public void Left_recursion_is_refused_by_name(string grammar) =>
        Assert.Contains("left-recursive", Assert.Throws<HoneException>(() => CompiledGrammar.Compile(Grammar.FromGbnf(grammar), ByteTokens.Vocabulary)).Message);

    [Fact]
    public void An_ambiguous_bomb_ends_with_an_error()
    {
        string bomb = string.Concat(Enumerable.Range(0, 40).Select(i => $"r{i} ::= \"\" | r{i + 1} r{i + 1}\n"));
        Grammar grammar = Grammar.FromGbnf("root ::= r0 \"x\"\n" + bomb + "r40 ::= \"\" | \"y\"\n");
        Assert.Contains("too ambiguous", Assert.Throws<HoneException>(() => CompiledGrammar.Compile(grammar, ByteTokens.Vocabulary)).Message);
    }

    /// <summary>Masks against trying every token of a small vocabulary on every prefix, with tokens that end inside letters.</summary>
    [Theory]
    [InlineData("(é|日本)+x?")]
    [InlineData("[α-ω]{2,3}|ab*c")]
    [InlineData("(a|aa)*b")]
    public void Masks_equal_trying_every_token(string pattern)
    {
        byte[] letters = Encoding.UTF8.GetBytes("é日本αωabcx");
        byte[][] tokens = [.. Enumerable.Range(0, letters.Length).SelectMany(i => Enumerable.Range(1, 5).Where(n => i + n <= letters.Length).Select(n => letters[i..(i + n)])).DistinctBy(Convert.ToHexString)];
        TokenVocabulary vocabulary = new([.. tokens, null], [tokens.Length]);
        CompiledGrammar grammar = CompiledGrammar.Compile(Grammar.FromRegex(pattern), vocabulary);
        RegularPattern regex = RegularPattern.Whole(pattern);
        RandomStream random = new(3, pattern);
        ulong[] mask = new ulong[vocabulary.MaskLength];
        int checkedTokens = 0;
        for (int walk = 0; walk < 10; walk++)
        {
            GrammarState state = grammar.Start();
            byte[] prefix = [];
            for (int step = 0; step < 8; step++)
            {
                state.FillMask(mask);
                int[] allowed = [.. Enumerable.Range(0, tokens.Length).Where(t => (mask[t >> 6] >> t & 1) == 1)];
                int[] wanted = [.. Enumerable.Range(0, tokens.Length).Where(t => IsPrefix(regex, [.. prefix, .. tokens[t]]))];
                Assert.Equal(wanted, allowed);
                Assert.Equal(Encoding.UTF8.GetString(prefix) is var text && !text.Contains('\ufffd') && regex.IsMatch(text), state.CanEnd);
                checkedTokens += tokens.Length;
                if (allowed.Length == 0) break;
                int next = random.Choose(allowed);
                Assert.True(state.Accept(next));
                prefix = [.. prefix, .. tokens[next]];
            }
        }
        Assert.True(checkedTokens > 500);
    }

    // Half a letter counts when some letter that completes it does.
    private static bool IsPrefix(RegularPattern regex, byte[] bytes)
    {
        string text = Encoding.UTF8.GetString(bytes);
        if (!text.Contains('\ufffd')) return regex.CanBecomeMatch(text);
        int cut = bytes.Length;
        while (cut > 0 && (bytes[cut - 1] & 0xC0) == 0x80) cut--;
        if (cut == 0) return false;
        byte[] head = bytes[..(cut - 1)], rest = bytes[(cut - 1)..];
        string before = Encoding.UTF8.GetString(head);
        if (before.Contains('\ufffd')) return false;
        // The letters the patterns name; no other can follow.
        return Enumerable.Range(0x3B1, 25).Select(c => (char)c).Concat("é日本").Select(c => c.ToString())
            .Where(c => Encoding.UTF8.GetBytes(c).AsSpan().StartsWith(rest)).Any(c => regex.CanBecomeMatch(before + c));
    }

    [Fact]
    public void A_token_that_is_not_allowed_changes_nothing_and_the_end_is_final()
    {
        GrammarState state = CompiledGrammar.Compile(Grammar.FromChoices("yes", "no"), ByteTokens.Vocabulary).Start();
        Assert.False(state.Accept('x'));
        Assert.False(state.Accept(ByteTokens.End));
        Assert.True(state.Accept('n'));
        GrammarState copy = state.Copy();
        Assert.True(state.Accept('o') && state.CanEnd && state.Accept(ByteTokens.End));
        Assert.True(state.IsFinished && !state.CanEnd && !state.Accept('n'));
        ulong[] mask = new ulong[5];
        state.FillMask(mask);
        Assert.All(mask, word => Assert.Equal(0UL, word));
        Assert.False(copy.IsFinished);
        Assert.True(copy.Accept('o'));
    }

    [Fact]
    public void As_a_constraint_it_forbids_by_negative_infinity_and_forks()
    {
        GrammarConstraint constraint = new(CompiledGrammar.Compile(Grammar.FromChoices("ab", "cd"), ByteTokens.Vocabulary));
        Assert.Equal("ac", Allowed(constraint));
        constraint.Accept('a');
        ITokenConstraint fork = constraint.Fork();
        constraint.Accept('b');
        Assert.Equal("\u0100", Allowed(constraint));
        Assert.Equal("b", Allowed(fork));
        Assert.True(constraint.IsComplete);
        Assert.Throws<InvalidOperationException>(() => fork.Accept('d'));
        constraint.Accept(ByteTokens.End);
        Assert.True(constraint.IsComplete);
        Assert.Contains("no token", Assert.Throws<HoneException>(() => Allowed(constraint)).Message);

        // Twenty logits more than the vocabulary has tokens: rows that padding added to the model.
        static string Allowed(ITokenConstraint constraint)
        {
            float[] logits = new float[277];
            constraint.Mask(logits);
            return string.Concat(Enumerable.Range(0, logits.Length).Where(t => logits[t] == 0).Select(t => (char)t));
        }
    }

    [Fact]
    public void Steps_allocate_nothing_once_the_states_are_known()
    {
        Grammar grammar = Grammar.FromJsonSchema(JsonNode.Parse("""{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}},"required":["a","b"],"additionalProperties":false}"""));
        CompiledGrammar compiled = CompiledGrammar.Compile(grammar, ByteTokens.Vocabulary);
        byte[] text = Encoding.UTF8.GetBytes("""{"a":"some text","b":-120}""");
        ulong[] mask = new ulong[5];
        Walk();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Walk();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64); // the sequence itself

        void Walk()
        {
            GrammarState state = compiled.Start();
            foreach (byte b in text)
            {
                state.FillMask(mask);
                if (!state.Accept(b)) throw new InvalidOperationException("refused");
            }
        }
    }

    [Fact]
    public void Utf8_sequences_cover_exactly_their_range()
    {
        foreach ((int low, int high) in new[] { (0, 0x10FFFF), (0x61, 0x7FF), (0x3B1, 0x3C9), (0x20AC, 0x20AC), (0xFFFF, 0x10001), (0x4E00, 0x9FFF) })
        {
            CodePointSet set = CodePointSet.Of((low, high));
            HashSet<string> covered = [];
            foreach (CodePointRange range in set.Ranges)
                foreach ((byte Low, byte High)[] bytes in Utf8Ranges.Of(range.Low, range.High)) covered.UnionWith(Edges(bytes));
            foreach (int c in new[] { low, high, (low + high) / 2, Math.Max(0, low - 1), Math.Min(0x10FFFF, high + 1) }.Where(c => c is < 0xD800 or > 0xDFFF))
                Assert.Equal(set.Contains(c), set.Ranges.Any(r => Utf8Ranges.Of(r.Low, r.High).Any(s => Fits(s, Encoding.UTF8.GetBytes(char.ConvertFromUtf32(c))))));
            Assert.All(covered, hex => Assert.True(set.Contains(Encoding.UTF8.GetString(Convert.FromHexString(hex)).EnumerateRunes().First().Value), hex));
        }
    }

    private static IEnumerable<string> Edges((byte Low, byte High)[] bytes) =>
        [Convert.ToHexString([.. bytes.Select(b => b.Low)]), Convert.ToHexString([.. bytes.Select(b => b.High)])];

    private static bool Fits((byte Low, byte High)[] sequence, byte[] bytes) =>
        sequence.Length == bytes.Length && sequence.Zip(bytes).All(p => p.Second >= p.First.Low && p.Second <= p.First.High);
}
