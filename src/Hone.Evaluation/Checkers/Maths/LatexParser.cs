namespace Hone.Evaluation.Checkers.Maths;

/// <summary>
/// Reads a mathematical answer: numbers, fractions, powers, roots, common functions, lists, sets, intervals, equations, inequalities
/// and matrices, in LaTeX or plain text. Text it cannot read is refused with <see cref="FormatException"/>.
/// </summary>
internal sealed partial class LatexParser
{
    private const int MaxDepth = 60, MaxItems = 100;

    private static readonly Dictionary<string, string> Relations = new (string Written, string Meaning)[]
    {
        ("=", "="), ("<", "<"), (">", ">"), ("<=", "<="), (">=", ">="), ("\\le", "<="), ("\\leq", "<="), ("\\ge", ">="), ("\\geq", ">="),
        ("\\lt", "<"), ("\\gt", ">"), ("\\ne", "!="), ("\\neq", "!="), ("!=", "!="), ("\\leqslant", "<="), ("\\geqslant", ">="), ("≤", "<="), ("≥", ">="),
    }.ToDictionary(r => r.Written, r => r.Meaning);

    private readonly List<string> tokens;
    private int at;
    private int depth;

    private LatexParser(List<string> tokens) => this.tokens = tokens;

    /// <summary>The answer, or null when the text is none that is understood.</summary>
    public static MathNode? Parse(string text)
    {
        try
        {
            LatexParser parser = new(LatexTokens.Split(LatexCleaner.Clean(text)));
            if (parser.tokens.Count == 0) return null;
            MathNode node = parser.Separated();
            return parser.at == parser.tokens.Count ? node : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private string Peek => at < tokens.Count ? tokens[at] : "";

    private string Next() => at < tokens.Count ? tokens[at++] : throw new FormatException("ends early");

    private bool Take(string token)
    {
        if (Peek != token) return false;
        at++;
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token)) throw new FormatException($"expected {token}");
    }

    /// <summary>Items between commas or "or": a set when there are several.</summary>
    private MathNode Separated()
    {
        List<MathNode> items = [Chain()];
        while (Take(",") || Take("\\sep") || Take(";")) Add(items);
        return items.Count == 1 ? items[0] : new ListNode('{', '}', [.. items]);
    }

    private void Add(List<MathNode> items)
    {
        if (items.Count == MaxItems) throw new FormatException("too many items");
        items.Add(Chain());
    }

    private MathNode Chain()
    {
        List<MathNode> sides = [Union()];
        List<string> operators = [];
        while (Relations.TryGetValue(Peek, out string? relation))
        {
            at++;
            operators.Add(relation);
            sides.Add(Union());
        }
        return operators.Count == 0 ? sides[0] : new RelationNode([.. sides], [.. operators]);
    }

    private MathNode Union()
    {
        List<MathNode> parts = [Sum()];
        while (Take("\\cup") || Take("∪")) parts.Add(Sum());
        return parts.Count == 1 ? parts[0] : new UnionNode([.. parts]);
    }

    private MathNode Sum()
    {
        if (++depth > MaxDepth) throw new FormatException("too deep");
        MathNode sum = Peek is "\\pm" or "\\mp" && at++ >= 0 ? new CallNode("pm", Product()) : Product();
        while (true)
        {
            if (Take("+")) sum = new CallNode("+", sum, Product());
            else if (Take("-")) sum = new CallNode("+", sum, new CallNode("neg", Product()));
            else if (Take("\\pm")) sum = new CallNode("+", sum, new CallNode("pm", Product()));
            else break;
        }
        depth--;
        // "7 \over 2": everything before over everything after.
        return Take("\\over") ? new CallNode("/", sum, Sum()) : sum;
    }

    private MathNode Product()
    {
        MathNode product = Signed();
        while (true)
        {
            if (Take("*") || Take("\\cdot") || Take("\\times") || Take("×") || Take("·")) product = new CallNode("*", product, Signed());
            else if (Take("/") || Take("\\div") || Take("÷")) product = new CallNode("/", product, Signed());
            else if (StartsFactor()) product = Adjacent(product);
            else return product;
        }
    }

    /// <summary>Side by side means times, but 1\frac{1}{2} is a mixed number.</summary>
    private MathNode Adjacent(MathNode left)
    {
        bool fraction = Peek == "\\frac";
        MathNode right = Power();
        bool mixed = fraction && left is NumberNode { IsDecimal: false } && right is CallNode { Name: "/", Arguments: [NumberNode, NumberNode] };
        return new CallNode(mixed ? "+" : "*", left, right);
    }

    private bool StartsFactor() =>
        at < tokens.Count && (IsNumber(Peek) || char.IsLetter(Peek[0]) || Peek is "(" or "{" or "[" or "\\{"
            || (Peek.Length > 2 && Peek[0] == '\\' && !Relations.ContainsKey(Peek) && !Stops.Contains(Peek) && !Peek.StartsWith("\\end{", StringComparison.Ordinal)));

    private MathNode Signed()
    {
        if (++depth > MaxDepth) throw new FormatException("too deep");
        MathNode node = Take("-") ? new CallNode("neg", Signed()) : Take("+") ? Signed() : Power();
        depth--;
        return node;
    }

    private MathNode Power()
    {
        MathNode node = Atom();
        while (true)
        {
            if (Take("!")) node = new CallNode("fact", node);
            else if (Take("%")) node = new CallNode("percent", node);
            else if (Take("_")) node = Subscript(node);
            else if (Take("^") || Take("**")) node = new CallNode("^", node, Exponent());
            else return node;
        }
    }

    private MathNode Exponent() => Peek == "-" ? Signed() : Peek == "{" ? Group() : Power();

    /// <summary>On a letter an index is part of the name; on a number (a base) it is passed over.</summary>
    private MathNode Subscript(MathNode node)
    {
        string index = Peek == "{" ? string.Concat(GroupTokens()) : Next();
        return node is SymbolNode symbol ? new SymbolNode($"{symbol.Name}_{index.ToLowerInvariant()}") : node;
    }

    private List<string> GroupTokens()
    {
        Expect("{");
        List<string> inside = [];
        while (!Take("}")) inside.Add(Next());
        return inside;
    }

    private static bool IsNumber(string token) => token.Length > 0 && (char.IsAsciiDigit(token[0]) || (token[0] == '.' && token.Length > 1));
}
