namespace Hone.Models.Templates;

/// <summary>Part of a template that has a value.</summary>
internal abstract class Expression(Position position)
{
    public Position Position { get; } = position;

    public JinjaValue Evaluate(RenderState state, Scope scope)
    {
        state.Step();
        StackGuard.Check();
        return Compute(state, scope);
    }

    protected abstract JinjaValue Compute(RenderState state, Scope scope);
}

internal sealed class Literal(Position position, JinjaValue value) : Expression(position)
{
    public JinjaValue Value { get; } = value;

    protected override JinjaValue Compute(RenderState state, Scope scope) => Value;
}

internal sealed class NameExpression(Position position, string name) : Expression(position)
{
    public string Name { get; } = name;

    protected override JinjaValue Compute(RenderState state, Scope scope) => scope.Find(Name) ?? JinjaUndefined.Name(Name);
}

/// <summary>A list or tuple written out.</summary>
internal sealed class ArrayExpression(Position position, IReadOnlyList<Expression> items, bool isTuple) : Expression(position)
{
    public IReadOnlyList<Expression> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue[] values = new JinjaValue[Items.Count];
        for (int i = 0; i < values.Length; i++) values[i] = Items[i].Evaluate(state, scope);
        return IsTuple ? new JinjaTuple(values) : new JinjaList(values);
    }
}

internal sealed class DictExpression(Position position, IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaDict dict = new();
        foreach ((Expression key, Expression value) in entries)
        {
            JinjaValue k = key.Evaluate(state, scope);
            JinjaValue v = value.Evaluate(state, scope);
            state.Position = Position;
            dict.Set(k, v);
        }
        return dict;
    }
}

internal sealed class UnaryExpression(Position position, string symbol, Expression operand) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue value = operand.Evaluate(state, scope);
        state.Position = Position;
        return symbol switch
        {
            "not" => JinjaBool.Of(!value.IsTrue),
            "-" => Operators.Negate(value),
            _ => Operators.Plus(value),
        };
    }
}

internal sealed class BinaryExpression(Position position, string symbol, Expression left, Expression right) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue a = left.Evaluate(state, scope);
        if (symbol == "and") return a.IsTrue ? right.Evaluate(state, scope) : a;
        if (symbol == "or") return a.IsTrue ? a : right.Evaluate(state, scope);
        JinjaValue b = right.Evaluate(state, scope);
        state.Position = Position;
        return symbol switch
        {
            "+" => Operators.Add(state, a, b),
            "*" => Operators.Multiply(state, a, b),
            "%" => Operators.Modulo(state, a, b),
            _ => Operators.Arithmetic(symbol, a, b),
        };
    }
}

/// <summary><c>a ~ b ~ c</c>: all parts as text.</summary>
internal sealed class ConcatExpression(Position position, IReadOnlyList<Expression> parts) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        BoundedText text = new(state);
        foreach (Expression part in parts)
        {
            JinjaValue value = part.Evaluate(state, scope);
            state.Position = Position;
            text.Append(PythonRepr.Str(state, value));
        }
        return new JinjaString(text.ToString());
    }
}

/// <summary><c>a &lt; b &lt; c</c>: Python's chain, each operand evaluated once.</summary>
internal sealed class CompareExpression(Position position, Expression first, IReadOnlyList<(string Symbol, Expression Operand)> rest) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue left = first.Evaluate(state, scope);
        foreach ((string symbol, Expression operand) in rest)
        {
            JinjaValue right = operand.Evaluate(state, scope);
            state.Position = Position;
            if (!Holds(state, symbol, left, right)) return JinjaBool.False;
            left = right;
        }
        return JinjaBool.True;
    }

    public static bool Holds(RenderState state, string symbol, JinjaValue a, JinjaValue b) => symbol switch
    {
        "==" => Operators.AreEqual(state, a, b),
        "!=" => !Operators.AreEqual(state, a, b),
        "<" => Operators.Order(state, a, b, symbol) < 0,
        "<=" => Operators.Order(state, a, b, symbol) <= 0,
        ">" => Operators.Order(state, a, b, symbol) > 0,
        ">=" => Operators.Order(state, a, b, symbol) >= 0,
        "in" => Operators.Contains(state, b, a),
        _ => !Operators.Contains(state, b, a),
    };
}

/// <summary><c>a if test else b</c>; without else undefined, which prints as nothing.</summary>
internal sealed class ConditionalExpression(Position position, Expression test, Expression then, Expression? otherwise) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        if (test.Evaluate(state, scope).IsTrue) return then.Evaluate(state, scope);
        return otherwise?.Evaluate(state, scope)
            ?? new JinjaUndefined("the inline if-expression evaluated to false and no else section was defined.");
    }
}
