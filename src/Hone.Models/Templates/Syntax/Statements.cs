namespace Hone.Models.Templates;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>Go on with the next statement.</summary>
    Next,

    /// <summary>Leave the loop.</summary>
    Break,

    /// <summary>Go on with the loop's next item.</summary>
    Continue,
}

/// <summary>Part of a template that is carried out.</summary>
internal abstract class Statement(Position position)
{
    public Position Position { get; } = position;

    public abstract Flow Run(RenderState state, Scope scope);

    public static Flow RunAll(IReadOnlyList<Statement> body, RenderState state, Scope scope)
    {
        StackGuard.Check();
        for (int i = 0; i < body.Count; i++)
        {
            state.Step();
            Flow flow = body[i].Run(state, scope);
            if (flow != Flow.Next) return flow;
        }
        return Flow.Next;
    }
}

internal sealed class TextStatement(Position position, string text) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        state.Position = Position;
        state.Write(text);
        return Flow.Next;
    }
}

/// <summary><c>{{ expression }}</c>.</summary>
internal sealed class OutputStatement(Position position, Expression expression) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        JinjaValue value = expression.Evaluate(state, scope);
        state.Position = Position;
        state.Write(PythonRepr.Str(state, value));
        return Flow.Next;
    }
}

/// <summary><c>if</c>, <c>elif</c>, <c>else</c>: the first branch whose test holds; a null test always does. No scope of its own.</summary>
internal sealed class IfStatement(Position position, IReadOnlyList<(Expression? Test, IReadOnlyList<Statement> Body)> branches) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        foreach ((Expression? test, IReadOnlyList<Statement> body) in branches)
            if (test is null || test.Evaluate(state, scope).IsTrue) return RunAll(body, state, scope);
        return Flow.Next;
    }
}

internal sealed class JumpStatement(Position position, Flow flow) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope) => flow;
}

/// <summary><c>set target = value</c>.</summary>
internal sealed class SetStatement(Position position, Target target, Expression value) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        JinjaValue result = value.Evaluate(state, scope);
        state.Position = Position;
        target.Assign(state, scope, result);
        return Flow.Next;
    }
}

/// <summary><c>set target</c> … <c>endset</c>: the block's output, filtered.</summary>
internal sealed class SetBlockStatement(Position position, Target target, FilterExpression? filter, IReadOnlyList<Statement> body) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        string text = state.Capture(() => RunAll(body, state, new Scope(scope)));
        state.Position = Position;
        JinjaValue value = state.Text(text);
        target.Assign(state, scope, filter is null ? value : filter.Apply(state, scope, value));
        return Flow.Next;
    }
}

/// <summary><c>filter</c> … <c>endfilter</c>.</summary>
internal sealed class FilterBlockStatement(Position position, FilterExpression filter, IReadOnlyList<Statement> body) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        string text = state.Capture(() => RunAll(body, state, new Scope(scope)));
        JinjaValue value = filter.Apply(state, scope, state.Text(text));
        state.Write(PythonRepr.Str(state, value));
        return Flow.Next;
    }
}

internal sealed class MacroStatement(Position position, MacroDefinition definition) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        scope.Set(definition.Name, new MacroValue(definition, scope));
        return Flow.Next;
    }
}

/// <summary><c>call(parameters) macro(arguments)</c> … <c>endcall</c>.</summary>
internal sealed class CallBlockStatement(Position position, CallExpression call, MacroDefinition body) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        JinjaValue value = call.Call(state, scope, new MacroValue(body, scope));
        state.Position = Position;
        state.Write(PythonRepr.Str(state, value));
        return Flow.Next;
    }
}

/// <summary><c>with name = value</c> … <c>endwith</c>, and blocks, which only have a scope.</summary>
internal sealed class WithStatement(Position position, IReadOnlyList<(Target Target, Expression Value)> bindings, IReadOnlyList<Statement> body) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        Scope inner = new(scope);
        foreach ((Target target, Expression value) in bindings) target.Assign(state, inner, value.Evaluate(state, scope));
        return RunAll(body, state, inner);
    }
}

/// <summary><c>generation</c> … <c>endgeneration</c>: text the model is to learn; its place in the output is noted.</summary>
internal sealed class GenerationStatement(Position position, IReadOnlyList<Statement> body) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        string text = state.Capture(() => RunAll(body, state, new Scope(scope)));
        state.Position = Position;
        state.TrackGeneration(text.Length);
        state.Write(text);
        return Flow.Next;
    }
}

/// <summary>A statement that would read another template: parsed, and refused when it is reached.</summary>
internal sealed class LoaderStatement(Position position, string tag) : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        state.Position = Position;
        throw JinjaException.Type($"no loader for this environment specified: '{tag}' cannot read another template");
    }
}
