namespace Hone.Models.Templates;

/// <summary>
/// <c>for target in items if test recursive</c> … <c>else</c> … <c>endfor</c>. Every turn has a scope of its own, so a name
/// set inside does not outlive it.
/// </summary>
internal sealed class ForStatement(
    Position position, Target target, Expression items, Expression? test, bool isRecursive, IReadOnlyList<Statement> body, IReadOnlyList<Statement> otherwise)
    : Statement(position)
{
    public override Flow Run(RenderState state, Scope scope)
    {
        RunLoop(state, scope, items.Evaluate(state, scope), 1);
        return Flow.Next;
    }

    private void RunLoop(RenderState state, Scope scope, JinjaValue source, int depth)
    {
        state.Position = Position;
        List<JinjaValue> list = state.Collect(Selected(state, scope, source));
        if (list.Count == 0)
        {
            RunAll(otherwise, state, new Scope(scope));
            return;
        }
        LoopValue loop = new(list, depth, isRecursive ? (s, inner, level) => Recurse(s, scope, inner, level) : null);
        for (int i = 0; i < list.Count; i++)
        {
            state.Step();
            loop.Index = i;
            Scope turn = new(scope);
            turn.Set("loop", loop);
            target.Assign(state, turn, list[i]);
            if (RunAll(body, state, turn) == Flow.Break) return;
        }
        // The reference runs 'else' only if no turn was made.
    }

    private JinjaString Recurse(RenderState state, Scope scope, JinjaValue source, int depth)
    {
        state.Enter();
        string text = state.Capture(() => RunLoop(state, scope, source, depth));
        state.Leave();
        return state.Text(text);
    }

    private IEnumerable<JinjaValue> Selected(RenderState state, Scope scope, JinjaValue source)
    {
        foreach (JinjaValue item in Sequences.Iterate(state, source))
        {
            if (test is not null)
            {
                Scope inner = new(scope);
                target.Assign(state, inner, item);
                if (!test.Evaluate(state, inner).IsTrue) continue;
            }
            yield return item;
        }
    }
}

/// <summary>What can stand left of an equals sign.</summary>
internal abstract class Target
{
    public abstract void Assign(RenderState state, Scope scope, JinjaValue value);
}

internal sealed class NameTarget(string name) : Target
{
    public string Name { get; } = name;

    public override void Assign(RenderState state, Scope scope, JinjaValue value) => scope.Set(Name, value);
}

/// <summary><c>ns.name</c>, where ns must be a namespace.</summary>
internal sealed class NamespaceTarget(string name, string attribute) : Target
{
    public override void Assign(RenderState state, Scope scope, JinjaValue value)
    {
        if (scope.Find(name) is not JinjaNamespace space)
            throw new JinjaException(JinjaErrorKind.TemplateRuntimeError, "cannot assign attribute on non-namespace object");
        space.Attributes[attribute] = value;
    }
}

/// <summary><c>a, b</c>.</summary>
internal sealed class TupleTarget(IReadOnlyList<Target> targets) : Target
{
    public override void Assign(RenderState state, Scope scope, JinjaValue value)
    {
        List<JinjaValue> values = state.Collect(Sequences.Iterate(state, value));
        if (values.Count > targets.Count) throw JinjaException.Value($"too many values to unpack (expected {targets.Count})");
        if (values.Count < targets.Count) throw JinjaException.Value($"not enough values to unpack (expected {targets.Count}, got {values.Count})");
        for (int i = 0; i < targets.Count; i++) targets[i].Assign(state, scope, values[i]);
    }
}
