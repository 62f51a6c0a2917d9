using System.Globalization;
using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>
/// Expressions by precedence, loosest first: if-else, or, and, not, comparison, + and -, ~, * / // %, ** (to the left, as
/// Jinja has it), unary, then what is attached: attributes, items, calls, filters, tests.
/// </summary>
internal sealed partial class JinjaParser
{
    private Expression ParseExpression(bool withCondition = true) => withCondition ? ParseConditional() : ParseOr();

    private Expression ParseConditional()
    {
        Enter();
        Expression then = ParseOr();
        while (Current.IsName("if"))
        {
            Position position = Take().Position;
            Expression test = ParseOr();
            Expression? otherwise = SkipName("else") ? ParseConditional() : null;
            then = new ConditionalExpression(position, test, then, otherwise);
        }
        return Leave(then);
    }

    private Expression ParseOr() => ParseLeft(ParseAnd, t => t.IsName("or"));

    private Expression ParseAnd() => ParseLeft(ParseNot, t => t.IsName("and"));

    private Expression ParseNot()
    {
        Enter();
        if (!Current.IsName("not")) return Leave(ParseCompare());
        Position position = Take().Position;
        return Leave<Expression>(new UnaryExpression(position, "not", ParseNot()));
    }

    private Expression ParseLeft(Func<Expression> operand, Func<JinjaToken, bool> matches)
    {
        Expression left = operand();
        while (matches(Current))
        {
            JinjaToken symbol = Take();
            left = new BinaryExpression(symbol.Position, symbol.Text, left, operand());
        }
        return left;
    }

    private Expression ParseCompare()
    {
        Expression first = ParseSum();
        List<(string, Expression)> rest = [];
        Position position = Current.Position;
        while (ReadComparison() is { } symbol) rest.Add((symbol, ParseSum()));
        return rest.Count == 0 ? first : new CompareExpression(position, first, rest);
    }

    private string? ReadComparison()
    {
        if (Current.Kind == TokenKind.Operator && Current.Text is "==" or "!=" or "<" or "<=" or ">" or ">=") return Take().Text;
        if (SkipName("in")) return "in";
        if (!Current.IsName("not") || !Peek(1).IsName("in")) return null;
        at += 2;
        return "not in";
    }

    private Expression ParseSum() => ParseLeft(ParseConcat, t => t.IsOperator("+") || t.IsOperator("-"));

    private Expression ParseConcat()
    {
        Expression first = ParseProduct();
        if (!Current.IsOperator("~")) return first;
        Position position = Current.Position;
        List<Expression> parts = [first];
        while (SkipOperator("~")) parts.Add(ParseProduct());
        return new ConcatExpression(position, parts);
    }

    private Expression ParseProduct() =>
        ParseLeft(ParsePower, t => t.Kind == TokenKind.Operator && t.Text is "*" or "/" or "//" or "%");

    private Expression ParsePower() => ParseLeft(() => ParseUnary(), t => t.IsOperator("**"));

    private Expression ParseUnary(bool withFilters = true)
    {
        Enter();
        Expression node;
        if (Current.IsOperator("-") || Current.IsOperator("+"))
        {
            JinjaToken sign = Take();
            node = new UnaryExpression(sign.Position, sign.Text, ParseUnary(withFilters: false));
        }
        else node = ParsePrimary();
        node = ParseAttached(node);
        return Leave(withFilters ? ParseFiltersAndTests(node) : node);
    }

    private Expression ParsePrimary()
    {
        JinjaToken token = Take();
        switch (token.Kind)
        {
            case TokenKind.Name: return Named(token);
            case TokenKind.String: return AdjacentStrings(token);
            case TokenKind.Integer: return new Literal(token.Position, new JinjaInteger(ReadInteger(token)));
            case TokenKind.Float:
                return new Literal(token.Position, new JinjaFloat(double.Parse(token.Text.Replace("_", ""), CultureInfo.InvariantCulture)));
            case TokenKind.Operator when token.Text == "(":
                Expression inner = ParseTuple(withCondition: true, parenthesised: true);
                ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[": return ParseList(token.Position);
            case TokenKind.Operator when token.Text == "{": return ParseDict(token.Position);
            default: throw JinjaException.Syntax($"unexpected {token.Describe()}", token.Position);
        }
    }

    private Expression Named(JinjaToken token)
    {
        JinjaValue? constant = token.Text switch
        {
            "true" or "True" => JinjaBool.True,
            "false" or "False" => JinjaBool.False,
            "none" or "None" => JinjaNone.Instance,
            _ => null,
        };
        if (constant is not null) return new Literal(token.Position, constant);
        namesRead.Peek().Add(token.Text);
        return new NameExpression(token.Position, token.Text);
    }

    private Literal AdjacentStrings(JinjaToken token)
    {
        string text = token.Text;
        while (Current.Kind == TokenKind.String) text += Take().Text;
        return new Literal(token.Position, new JinjaString(text));
    }

    private static BigInteger ReadInteger(JinjaToken token)
    {
        string text = token.Text.Replace("_", "");
        if (text.Length > Numbers.MaxDigits) throw JinjaException.Syntax("a number has too many digits", token.Position);
        int radix = text.Length < 2 ? 10 : char.ToLowerInvariant(text[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 };
        if (radix == 10) return BigInteger.Parse(text, CultureInfo.InvariantCulture);
        BigInteger value = 0;
        foreach (char c in text.AsSpan(2))
        {
            int digit = Convert.ToInt32(c.ToString(), 16);
            if (digit >= radix) throw JinjaException.Syntax($"'{c}' is not a digit to base {radix}", token.Position);
            value = value * radix + digit;
        }
        return value;
    }

    private ArrayExpression ParseList(Position position)
    {
        List<Expression> items = [];
        while (!SkipOperator("]"))
        {
            if (items.Count > 0) ExpectOperator(",");
            if (SkipOperator("]")) break;
            items.Add(ParseExpression());
        }
        return new(position, items, isTuple: false);
    }

    private DictExpression ParseDict(Position position)
    {
        List<(Expression, Expression)> entries = [];
        while (!SkipOperator("}"))
        {
            if (entries.Count > 0) ExpectOperator(",");
            if (SkipOperator("}")) break;
            Expression key = ParseExpression();
            ExpectOperator(":");
            entries.Add((key, ParseExpression()));
        }
        return new(position, entries);
    }

    /// <summary>One expression, or several with commas, which make a tuple; only parentheses may be empty.</summary>
    private Expression ParseTuple(bool withCondition, string end = "", bool parenthesised = false)
    {
        Position position = Current.Position;
        List<Expression> items = [];
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0 && !SkipOperator(",")) break;
            isTuple |= items.Count > 0;
            if (EndsTuple(end)) break;
            items.Add(ParseExpression(withCondition));
        }
        if (!isTuple && items.Count > 0) return items[0];
        if (items.Count == 0 && !parenthesised) throw JinjaException.Syntax($"Expected an expression, got {Current.Describe()}", position);
        return new ArrayExpression(position, items, isTuple: true);
    }

    private bool EndsTuple(string end) =>
        Current.Kind is TokenKind.BlockEnd or TokenKind.OutputEnd or TokenKind.End || Current.IsOperator(")") || (end != "" && Current.IsName(end));
}
