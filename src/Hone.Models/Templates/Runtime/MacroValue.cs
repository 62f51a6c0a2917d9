namespace Hone.Models.Templates;

/// <summary>A macro, or the body of a call block: parameters, a body, and the names in force where it was defined.</summary>
internal sealed class MacroValue(MacroDefinition definition, Scope closure) : JinjaCallable
{
    public override string TypeName => "Macro";

    public JinjaValue? Attribute(string name) => name switch
    {
        "name" => new JinjaString(definition.Name),
        "arguments" => new JinjaTuple([.. definition.Parameters.Select(p => new JinjaString(p.Name))]),
        "catch_kwargs" => JinjaBool.Of(definition.CatchesNamed),
        "catch_varargs" => JinjaBool.Of(definition.CatchesPositional),
        "caller" => JinjaBool.Of(definition.UsesCaller),
        _ => null,
    };

    public override JinjaValue Call(RenderState state, Arguments arguments)
    {
        state.Enter();
        Scope scope = new(closure);
        List<KeyValuePair<string, JinjaValue>> named = [.. arguments.Named];
        BindParameters(state, scope, arguments.Positional, named);
        BindSpecial(scope, arguments.Positional, named);
        string output = state.Capture(() => Statement.RunAll(definition.Body, state, scope));
        state.Leave();
        return state.Text(output);
    }

    private void BindParameters(RenderState state, Scope scope, IReadOnlyList<JinjaValue> positional, List<KeyValuePair<string, JinjaValue>> named)
    {
        for (int i = 0; i < definition.Parameters.Count; i++)
        {
            (string name, Expression? fallback) = definition.Parameters[i];
            int at = named.FindIndex(n => n.Key == name);
            if (i < positional.Count)
            {
                if (at >= 0) throw JinjaException.Type($"macro '{definition.Name}' got multiple values for argument '{name}'");
                scope.Set(name, positional[i]);
            }
            else if (at >= 0)
            {
                scope.Set(name, named[at].Value);
                named.RemoveAt(at);
            }
            else scope.Set(name, fallback?.Evaluate(state, scope) ?? new JinjaUndefined($"parameter '{name}' was not provided"));
        }
    }

    private void BindSpecial(Scope scope, IReadOnlyList<JinjaValue> positional, List<KeyValuePair<string, JinjaValue>> named)
    {
        if (definition.UsesCaller)
        {
            int at = named.FindIndex(n => n.Key == "caller");
            scope.Set("caller", at >= 0 ? named[at].Value : new JinjaUndefined("No caller defined"));
            if (at >= 0) named.RemoveAt(at);
        }
        int count = definition.Parameters.Count;
        if (definition.CatchesNamed)
        {
            JinjaDict rest = new();
            foreach ((string name, JinjaValue value) in named) rest.Set(name, value);
            scope.Set("kwargs", rest);
        }
        else if (named.Count > 0) throw JinjaException.Type($"macro '{definition.Name}' takes no keyword argument '{named[0].Key}'");
        if (definition.CatchesPositional) scope.Set("varargs", new JinjaTuple([.. positional.Skip(count)]));
        else if (positional.Count > count) throw JinjaException.Type($"macro '{definition.Name}' takes not more than {count} argument(s)");
    }
}

/// <summary>A macro as written; the three flags say which of caller, kwargs and varargs its body names.</summary>
internal sealed record MacroDefinition(
    string Name, IReadOnlyList<(string Name, Expression? Default)> Parameters, IReadOnlyList<Statement> Body, bool UsesCaller, bool CatchesNamed, bool CatchesPositional);
