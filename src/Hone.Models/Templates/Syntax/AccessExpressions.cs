namespace Hone.Models.Templates;

/// <summary><c>value.name</c>.</summary>
internal sealed class AttributeExpression(Position position, Expression target, string name) : Expression(position)
{
    private readonly JinjaString key = new(name);

    public Expression Target => target;

    public string Name => key.Value;

    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue value = target.Evaluate(state, scope);
        state.Position = Position;
        return Attributes.Get(state, value, key);
    }
}

/// <summary><c>value[key]</c>.</summary>
internal sealed class ItemExpression(Position position, Expression target, Expression key) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue value = target.Evaluate(state, scope);
        JinjaValue index = key.Evaluate(state, scope);
        state.Position = Position;
        return Attributes.GetItem(state, value, index);
    }
}

/// <summary><c>value[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(Position position, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue value = target.Evaluate(state, scope);
        JinjaValue? from = start?.Evaluate(state, scope), to = stop?.Evaluate(state, scope), by = step?.Evaluate(state, scope);
        state.Position = Position;
        return Sequences.Slice(state, value, from, to, by);
    }
}

/// <summary>The arguments of a call as written, with <c>*list</c> and <c>**object</c>.</summary>
internal sealed record ArgumentList(IReadOnlyList<Expression> Positional, IReadOnlyList<(string Name, Expression Value)> Named, Expression? Star, Expression? DoubleStar)
{
    public static readonly ArgumentList None = new([], [], null, null);

    public IEnumerable<Expression> All =>
        Positional.Concat(Named.Select(n => n.Value)).Concat(new[] { Star, DoubleStar }.OfType<Expression>());

    public Arguments Evaluate(RenderState state, Scope scope)
    {
        if (ReferenceEquals(this, None)) return Arguments.None;
        List<JinjaValue> positional = [.. Positional.Select(p => p.Evaluate(state, scope))];
        List<KeyValuePair<string, JinjaValue>> named = [.. Named.Select(n => KeyValuePair.Create(n.Name, n.Value.Evaluate(state, scope)))];
        if (Star is not null) positional.AddRange(state.Collect(Sequences.Iterate(state, Star.Evaluate(state, scope))));
        if (DoubleStar is not null)
        {
            if (DoubleStar.Evaluate(state, scope) is not JinjaDict dict) throw JinjaException.Type("argument after ** must be a mapping");
            foreach ((JinjaValue key, JinjaValue value) in dict.Entries)
                named.Add(KeyValuePair.Create((key as JinjaString)?.Value ?? throw JinjaException.Type("keywords must be strings"), value));
        }
        return new Arguments(positional, named);
    }
}

/// <summary><c>callee(arguments)</c>.</summary>
internal sealed class CallExpression(Position position, Expression callee, ArgumentList arguments) : Expression(position)
{
    /// <summary>Calls with one more named argument: how a call block passes its body as <c>caller</c>.</summary>
    public JinjaValue Call(RenderState state, Scope scope, MacroValue? caller)
    {
        JinjaValue function = callee.Evaluate(state, scope);
        Arguments values = arguments.Evaluate(state, scope);
        if (caller is not null) values = values with { Named = [.. values.Named, KeyValuePair.Create("caller", (JinjaValue)caller)] };
        state.Position = Position;
        return function switch
        {
            JinjaCallable callable => callable.Call(state, values),
            JinjaUndefined undefined => throw undefined.Error(),
            _ => throw JinjaException.Type($"'{function.TypeName}' object is not callable"),
        };
    }

    protected override JinjaValue Compute(RenderState state, Scope scope) => Call(state, scope, null);
}

/// <summary><c>value | filter(arguments)</c>.</summary>
internal sealed class FilterExpression(Position position, Expression? input, FilterBody filter, ArgumentList arguments) : Expression(position)
{
    /// <summary>Applies the filter to a value that did not come from an expression: a filter or set block's text.</summary>
    public JinjaValue Apply(RenderState state, Scope scope, JinjaValue block)
    {
        JinjaValue value = input switch
        {
            null => block,
            FilterExpression inner => inner.Apply(state, scope, block),
            _ => input.Evaluate(state, scope),
        };
        Arguments values = arguments.Evaluate(state, scope).Prepend(value);
        state.Position = Position;
        return filter(state, values);
    }

    protected override JinjaValue Compute(RenderState state, Scope scope) => Apply(state, scope, JinjaNone.Instance);
}

/// <summary><c>value is test(arguments)</c>, or <c>is not</c>.</summary>
internal sealed class TestExpression(Position position, Expression input, TestBody test, ArgumentList arguments, bool negated) : Expression(position)
{
    protected override JinjaValue Compute(RenderState state, Scope scope)
    {
        JinjaValue value = input.Evaluate(state, scope);
        Arguments values = arguments.Evaluate(state, scope).Prepend(value);
        state.Position = Position;
        return JinjaBool.Of(test(state, values) != negated);
    }
}

/// <summary>A filter: the first argument is the value filtered.</summary>
internal delegate JinjaValue FilterBody(RenderState state, Arguments arguments);

/// <summary>A test: the first argument is the value tested.</summary>
internal delegate bool TestBody(RenderState state, Arguments arguments);
