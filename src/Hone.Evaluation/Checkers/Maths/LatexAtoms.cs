namespace Hone.Evaluation.Checkers.Maths;

/// <summary>The smallest parts: numbers, letters, brackets, functions.</summary>
internal sealed partial class LatexParser
{
    private static readonly HashSet<string> Stops = ["\\cdot", "\\times", "\\div", "\\over", "\\cup", "\\pm", "\\mp", "\\sep", "\\end", "\\right", "\\}", "\\rfloor", "\\rceil", "\\rangle"];

    private static readonly HashSet<string> Functions =
        ["sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "ln", "exp", "log"];

    private MathNode Atom()
    {
        if (++depth > MaxDepth) throw new FormatException("too deep");
        MathNode node = AtomOf(Next());
        depth--;
        return node;
    }

    private MathNode AtomOf(string token)
    {
        if (IsNumber(token)) return Number(token);
        if (token is "(" or "[") return Bracketed(token[0]);
        if (token == "{") return Inside("}");
        if (token == "\\{") return Set();
        if (token == "|") return Absolute();
        if (token.StartsWith("\\text{", StringComparison.Ordinal)) return Word(token[6..^1]);
        if (token.StartsWith("\\begin{", StringComparison.Ordinal)) return Matrix();
        if (token.Length > 1 && token[0] == '\\') return Command(token[1..]);
        return char.IsLetter(token[0]) ? token == "e" ? new CallNode("e") : new SymbolNode(token.ToLowerInvariant()) : throw new FormatException($"unexpected {token}");
    }

    private static NumberNode Number(string token) =>
        new(Rational.Parse(token) ?? throw new FormatException("number too long"), token.Contains('.'));

    private static MathNode Word(string text)
    {
        string word = text.Trim().Trim('(', ')', '.', ' ').ToLowerInvariant();
        return word.Length == 0 ? throw new FormatException("empty text") : IsNumber(word) && Rational.Parse(word) is { } value ? new NumberNode(value) : new SymbolNode(word);
    }

    private MathNode Command(string name)
    {
        if (Functions.Contains(name)) return Function(name);
        return name switch
        {
            "frac" => new CallNode("/", Argument(), Argument()),
            "sqrt" => Take("[") ? new CallNode("root", Until("]"), Argument()) : new CallNode("sqrt", Argument()),
            "binom" => new CallNode("binom", Argument(), Argument()),
            "boxed" or "fbox" => Argument(),
            "pi" => new CallNode("pi"),
            "infty" => new CallNode("inf"),
            "lfloor" => new CallNode("floor", Until("\\rfloor")),
            "lceil" => new CallNode("ceil", Until("\\rceil")),
            "sum" or "prod" => Series(name),
            "emptyset" or "varnothing" => new ListNode('{', '}', []),
            "mathbb{R}" => new ListNode('(', ')', [new CallNode("neg", new CallNode("inf")), new CallNode("inf")]),
            "vert" or "lvert" => throw new FormatException("vertical bars by name"),
            _ when Stops.Contains("\\" + name) || name is "overline" or "bar" or "langle" => throw new FormatException($"unexpected \\{name}"),
            _ when char.IsLetter(name[0]) => new SymbolNode("\\" + name),
            _ => throw new FormatException($"unexpected \\{name}"),
        };
    }

    /// <summary>A group in braces, or one digit, letter or command: \frac12 is one half.</summary>
    private MathNode Argument()
    {
        if (Peek == "{") return Group();
        if (!IsNumber(Peek) || Peek.Length == 1) return Atom();
        string digits = tokens[at];
        tokens[at] = digits[1..];
        return Number(digits[..1]);
    }

    private MathNode Group()
    {
        Expect("{");
        return Inside("}");
    }

    private MathNode Inside(string close)
    {
        MathNode node = Separated();
        Expect(close);
        return node;
    }

    private MathNode Until(string close) => Inside(close);

    private MathNode Bracketed(char open)
    {
        List<MathNode> items = [Chain()];
        while (Take(",") || Take(";")) Add(items);
        string close = Next();
        if (close is not (")" or "]")) throw new FormatException("bracket is not closed");
        if (items.Count > 1) return new ListNode(open, close[0], [.. items]);
        return open == '(' && close == ")" ? items[0] : throw new FormatException("one item in square brackets");
    }

    private MathNode Set()
    {
        if (Take("\\}")) return new ListNode('{', '}', []);
        MathNode inside = Separated();
        Expect("\\}");
        return inside is ListNode { IsSet: true } ? inside : new ListNode('{', '}', [inside]);
    }

    private MathNode Absolute()
    {
        MathNode inside = Sum();
        Expect("|");
        return new CallNode("abs", inside);
    }

    private MathNode Function(string name)
    {
        MathNode? logBase = name == "log" && Take("_") ? Argument() : null;
        MathNode? power = Take("^") ? Exponent() : null;
        MathNode argument = FunctionArgument();
        MathNode call = name == "log" ? new CallNode("log", argument, logBase ?? new NumberNode(10)) : new CallNode(name, argument);
        return power is null ? call : new CallNode("^", call, power);
    }

    /// <summary>\sin 2x takes the whole product, \sin x + 1 does not take the sum.</summary>
    private MathNode FunctionArgument()
    {
        MathNode argument = Signed();
        while (StartsFactor() && Peek is not ("(" or "[" or "{") && !(Peek[0] == '\\' && Functions.Contains(Peek[1..]))) argument = new CallNode("*", argument, Power());
        return argument;
    }

    private CallNode Series(string name)
    {
        Expect("_");
        Expect("{");
        if (Next() is not { Length: 1 } letter || !char.IsLetter(letter[0])) throw new FormatException("index expected");
        Expect("=");
        MathNode from = Until("}");
        Expect("^");
        MathNode to = Peek == "{" ? Group() : Atom();
        return new CallNode(name, new SymbolNode(letter.ToLowerInvariant()), from, to, Product());
    }

    private MatrixNode Matrix()
    {
        List<MathNode[]> rows = [];
        List<MathNode> row = [];
        while (true)
        {
            row.Add(Sum());
            if (Take("&")) continue;
            rows.Add([.. row]);
            row = [];
            if (Take("\\\\") && !Peek.StartsWith("\\end{", StringComparison.Ordinal)) continue;
            if (!Next().StartsWith("\\end{", StringComparison.Ordinal)) throw new FormatException("matrix is not closed");
            return new([.. rows]);
        }
    }
}
