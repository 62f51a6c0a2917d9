namespace Hone.Models.Templates;

/// <summary>What is attached to a value: attributes, items, slices, calls, filters and tests.</summary>
internal sealed partial class JinjaParser
{
    private Expression ParseAttached(Expression node)
    {
        while (true)
        {
            Position position = Current.Position;
            if (SkipOperator(".")) node = ParseDot(node, position);
            else if (SkipOperator("[")) node = ParseBracket(node, position);
            else if (Current.IsOperator("(")) node = new CallExpression(position, node, ParseArguments());
            else return node;
        }
    }

    private Expression ParseDot(Expression node, Position position)
    {
        JinjaToken token = Take();
        if (token.Kind == TokenKind.Name) return new AttributeExpression(token.Position, node, token.Text);
        if (token.Kind != TokenKind.Integer) throw JinjaException.Syntax("expected name or number", token.Position);
        return new ItemExpression(position, node, new Literal(token.Position, new JinjaInteger(ReadInteger(token))));
    }

    private Expression ParseBracket(Expression node, Position position)
    {
        List<Expression> keys = [];
        SliceExpression? slice = null;
        bool isTuple = false;
        do
        {
            if (keys.Count > 0 && Current.IsOperator("]")) break;
            Expression? start = Current.IsOperator(":") ? null : ParseExpression();
            if (Current.IsOperator(":")) slice = ParseSlice(node, start, position);
            else keys.Add(start!);
        }
        while (SkipOperator(",") && (isTuple = true));
        ExpectOperator("]");
        if (slice is null) return new ItemExpression(position, node, isTuple ? new ArrayExpression(position, keys, isTuple: true) : keys[0]);
        return !isTuple ? slice : throw JinjaException.Syntax("a slice cannot be one of several indices", position);
    }

    private SliceExpression ParseSlice(Expression node, Expression? start, Position position)
    {
        Expression?[] bounds = [start, null, null];
        for (int i = 1; i < 3 && SkipOperator(":"); i++)
            if (!Current.IsOperator(":") && !Current.IsOperator("]") && !Current.IsOperator(",")) bounds[i] = ParseExpression();
        return new(position, node, bounds[0], bounds[1], bounds[2]);
    }

    private ArgumentList ParseArguments()
    {
        Position position = Current.Position;
        List<Expression> positional = [];
        List<(string, Expression)> named = [];
        Expression? star = null, doubleStar = null;
        ExpectOperator("(");
        for (int count = 0; !SkipOperator(")"); count++)
        {
            if (count > 0) ExpectOperator(",");
            if (SkipOperator(")")) break;
            if (SkipOperator("*")) star = star is null && doubleStar is null ? ParseExpression() : throw Invalid();
            else if (SkipOperator("**")) doubleStar = doubleStar is null ? ParseExpression() : throw Invalid();
            else if (Current.Kind == TokenKind.Name && Peek(1).IsOperator("="))
            {
                string name = Take().Text;
                at++;
                named.Add((name, doubleStar is null ? ParseExpression() : throw Invalid()));
            }
            else positional.Add(named.Count == 0 && star is null && doubleStar is null ? ParseExpression() : throw Invalid());
        }
        return positional.Count + named.Count == 0 && star is null && doubleStar is null ? ArgumentList.None : new(positional, named, star, doubleStar);

        JinjaException Invalid() => JinjaException.Syntax("invalid syntax for function call expression", position);
    }

    private Expression ParseFiltersAndTests(Expression node)
    {
        while (true)
        {
            if (Current.IsOperator("|")) node = ParseFilters(node)!;
            else if (Current.IsName("is")) node = ParseTest(node);
            else if (Current.IsOperator("(")) node = new CallExpression(Current.Position, node, ParseArguments());
            else return node;
        }
    }

    private Expression? ParseFilters(Expression? node, bool startsInline = false)
    {
        while (Current.IsOperator("|") || startsInline)
        {
            if (!startsInline) Take();
            startsInline = false;
            JinjaToken name = Expect(TokenKind.Name, "a filter name");
            string full = name.Text;
            while (SkipOperator(".")) full += "." + Expect(TokenKind.Name, "a filter name").Text;
            ArgumentList arguments = Current.IsOperator("(") ? ParseArguments() : ArgumentList.None;
            node = new FilterExpression(name.Position, node, Filters.Find(full, name.Position), arguments);
        }
        return node;
    }

    private Expression ParseTest(Expression node)
    {
        Take();
        bool negated = SkipName("not");
        JinjaToken name = Expect(TokenKind.Name, "a test name");
        ArgumentList arguments = ArgumentList.None;
        if (Current.IsOperator("(")) arguments = ParseArguments();
        else if (StartsTestArgument())
        {
            if (Current.IsName("is")) throw JinjaException.Syntax("You cannot chain multiple tests with is", Current.Position);
            arguments = new ArgumentList([ParseAttached(ParsePrimary())], [], null, null);
        }
        return new TestExpression(name.Position, node, Tests.Find(name.Text, name.Position), arguments, negated);
    }

    private bool StartsTestArgument() => Current.Kind switch
    {
        TokenKind.Name => !(Current.Text is "else" or "or" or "and" or "if" or "in" or "not" or "recursive"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Operator => Current.Text is "[" or "{",
        _ => false,
    };
}
