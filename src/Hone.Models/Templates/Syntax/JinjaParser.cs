namespace Hone.Models.Templates;

/// <summary>Reads tokens into statements. The expression half is in JinjaParser.Expressions.cs.</summary>
internal sealed partial class JinjaParser
{
    private readonly List<JinjaToken> tokens;
    private readonly Stack<HashSet<string>> namesRead = new([new HashSet<string>()]);
    private int at;
    private int loopDepth;
    private int nesting;
    private bool hasGeneration;

    private JinjaParser(List<JinjaToken> tokens) => this.tokens = tokens;

    /// <summary>Parses a template.</summary>
    /// <exception cref="JinjaException">The text is not a valid template.</exception>
    public static (IReadOnlyList<Statement> Body, bool HasGeneration) Parse(string template)
    {
        JinjaParser parser = new(JinjaLexer.Read(template));
        IReadOnlyList<Statement> body = parser.ParseBody();
        if (parser.Current.Kind == TokenKind.End) return (body, parser.hasGeneration);
        throw parser.UnknownTag(parser.Peek(1));
    }

    /// <summary>Deepest nesting of expressions and of blocks; templates in use stay below 20.</summary>
    private const int MaxNesting = 300;

    private void Enter()
    {
        if (++nesting > MaxNesting)
            throw new JinjaException(JinjaErrorKind.LimitError, $"nested more than {MaxNesting} deep", Current.Position.Line, Current.Position.Column);
        StackGuard.Check();
    }

    private T Leave<T>(T result)
    {
        nesting--;
        return result;
    }

    private JinjaToken Current => tokens[at];

    private JinjaToken Peek(int ahead) => tokens[Math.Min(at + ahead, tokens.Count - 1)];

    private JinjaToken Take() => tokens[at < tokens.Count - 1 ? at++ : at];

    private bool SkipOperator(string symbol) => Skip(Current.IsOperator(symbol));

    private bool SkipName(string name) => Skip(Current.IsName(name));

    private bool Skip(bool matches)
    {
        if (matches) at++;
        return matches;
    }

    private JinjaToken Expect(TokenKind kind, string what) =>
        Current.Kind == kind ? Take() : throw JinjaException.Syntax($"unexpected {Current.Describe()}, expected {what}", Current.Position);

    private void ExpectOperator(string symbol)
    {
        if (!SkipOperator(symbol)) throw JinjaException.Syntax($"unexpected {Current.Describe()}, expected '{symbol}'", Current.Position);
    }

    private void ExpectBlockEnd() => Expect(TokenKind.BlockEnd, "end of statement block");

    private JinjaException UnknownTag(JinjaToken tag) =>
        JinjaException.Syntax($"encountered unknown or unexpected tag {tag.Describe()}", tag.Position);

    /// <summary>Statements up to the end, or up to a tag named in <paramref name="ends"/>, which stays unread.</summary>
    private List<Statement> ParseBody(params ReadOnlySpan<string> ends)
    {
        Enter();
        List<Statement> body = [];
        while (Current.Kind != TokenKind.End)
        {
            JinjaToken token = Current;
            if (token.Kind == TokenKind.BlockBegin && (ends.Length == 0 ? IsEndTag(Peek(1)) : ends.Contains(Peek(1).Text))) return Leave(body);
            Take();
            if (token.Kind == TokenKind.Text) body.Add(new TextStatement(token.Position, token.Text));
            else if (token.Kind == TokenKind.OutputBegin)
            {
                body.Add(new OutputStatement(Current.Position, ParseTuple(withCondition: true)));
                Expect(TokenKind.OutputEnd, "end of print statement");
            }
            else body.Add(ParseStatement());
        }
        if (ends.Length > 0) throw JinjaException.Syntax($"unexpected end of template, expected {string.Join(" or ", ends.ToArray().Select(e => $"'{e}'"))}", Current.Position);
        return Leave(body);
    }

    private static bool IsEndTag(JinjaToken token) =>
        token.Kind == TokenKind.Name && (token.Text.StartsWith("end", StringComparison.Ordinal) || token.Text is "else" or "elif");

    private Statement ParseStatement()
    {
        JinjaToken tag = Expect(TokenKind.Name, "a tag name");
        switch (tag.Text)
        {
            case "if": return ParseIf(tag.Position);
            case "for": return ParseFor(tag.Position);
            case "set": return ParseSet(tag.Position);
            case "macro": return ParseMacro(tag.Position);
            case "call": return ParseCallBlock(tag.Position);
            case "filter": return ParseFilterBlock(tag.Position);
            case "with": return ParseWith(tag.Position);
            case "block": return ParseBlock(tag.Position);
            case "generation": return ParseGeneration(tag.Position);
            case "break" or "continue": return ParseJump(tag);
            case "include" or "import" or "from" or "extends": return ParseLoader(tag);
            default: throw UnknownTag(tag);
        }
    }

    /// <summary>The rest of a tag, a body, and the end tag.</summary>
    private List<Statement> ParseBodyUntil(string end)
    {
        ExpectBlockEnd();
        List<Statement> body = ParseBody(end);
        at += 2;
        return body;
    }

    private IfStatement ParseIf(Position position)
    {
        List<(Expression?, IReadOnlyList<Statement>)> branches = [];
        Expression? test = ParseTuple(withCondition: false);
        while (true)
        {
            ExpectBlockEnd();
            List<Statement> body = test is null ? ParseBody("endif") : ParseBody("elif", "else", "endif");
            branches.Add((test, body));
            at++;
            string tag = Take().Text;
            if (tag == "endif") break;
            test = tag == "elif" ? ParseTuple(withCondition: false) : null;
        }
        ExpectBlockEnd();
        return new(position, branches);
    }

    private ForStatement ParseFor(Position position)
    {
        Target target = ParseTarget(allowsTuple: true, allowsNamespace: false, "in");
        if (!SkipName("in")) throw JinjaException.Syntax($"unexpected {Current.Describe()}, expected 'in'", Current.Position);
        Expression items = ParseTuple(withCondition: false, end: "recursive");
        Expression? test = SkipName("if") ? ParseExpression() : null;
        bool isRecursive = SkipName("recursive");
        ExpectBlockEnd();
        loopDepth++;
        List<Statement> body = ParseBody("else", "endfor");
        loopDepth--;
        at++;
        List<Statement> otherwise = [];
        if (Take().Text == "else") otherwise = ParseBodyUntil("endfor");
        ExpectBlockEnd();
        return new(position, target, items, test, isRecursive, body, otherwise);
    }

    private Target ParseTarget(bool allowsTuple, bool allowsNamespace, string end)
    {
        List<Target> targets = [];
        bool isTuple = false;
        do
        {
            if (targets.Count > 0 && (Current.IsName(end) || Current.IsOperator("=") || Current.IsOperator(")"))) break;
            if (allowsTuple && SkipOperator("("))
            {
                targets.Add(ParseTarget(true, allowsNamespace, end));
                ExpectOperator(")");
            }
            else targets.Add(ParseSimpleTarget(allowsNamespace));
        }
        while (allowsTuple && SkipOperator(",") && (isTuple = true));
        return isTuple ? new TupleTarget(targets) : targets[0];
    }

    private Target ParseSimpleTarget(bool allowsNamespace)
    {
        JinjaToken name = Expect(TokenKind.Name, "a name");
        if (name.Text is "true" or "false" or "none" or "True" or "False" or "None" or "loop")
            throw JinjaException.Syntax($"cannot assign to '{name.Text}'", name.Position);
        if (!allowsNamespace || !SkipOperator(".")) return new NameTarget(name.Text);
        return new NamespaceTarget(name.Text, Expect(TokenKind.Name, "an attribute name").Text);
    }
}
