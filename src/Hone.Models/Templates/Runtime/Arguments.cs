namespace Hone.Models.Templates;

/// <summary>What a call passes: values by place and by name.</summary>
internal sealed record Arguments(IReadOnlyList<JinjaValue> Positional, IReadOnlyList<KeyValuePair<string, JinjaValue>> Named)
{
    public static readonly Arguments None = new([], []);

    public static Arguments Of(params JinjaValue[] positional) => new(positional, []);

    /// <summary>The same call with a value put in front, as a filter or test sees it.</summary>
    public Arguments Prepend(JinjaValue value) => new([value, .. Positional], Named);

    public JinjaValue? Find(string name)
    {
        foreach ((string key, JinjaValue value) in Named)
            if (key == name) return value;
        return null;
    }

    /// <summary>
    /// Puts the arguments in the order of <paramref name="parameters"/>; a name with a question mark may be left out (null).
    /// </summary>
    /// <exception cref="JinjaException">Too many, an unknown name, or one missing.</exception>
    public JinjaValue?[] Bind(string function, string[] parameters)
    {
        if (Positional.Count > parameters.Length)
            throw JinjaException.Type($"{function}() takes at most {parameters.Length} arguments ({Positional.Count} given)");
        JinjaValue?[] bound = new JinjaValue?[parameters.Length];
        for (int i = 0; i < Positional.Count; i++) bound[i] = Positional[i];
        foreach ((string name, JinjaValue value) in Named)
        {
            int at = Array.FindIndex(parameters, p => p.TrimEnd('?') == name);
            if (at < 0) throw JinjaException.Type($"{function}() got an unexpected keyword argument '{name}'");
            if (bound[at] is not null) throw JinjaException.Type($"{function}() got multiple values for argument '{name}'");
            bound[at] = value;
        }
        for (int i = 0; i < bound.Length; i++)
            if (bound[i] is null && !parameters[i].EndsWith('?'))
                throw JinjaException.Type($"{function}() missing required argument: '{parameters[i]}'");
        return bound;
    }
}

/// <summary>A value that can be called.</summary>
internal abstract class JinjaCallable : JinjaValue
{
    public abstract JinjaValue Call(RenderState state, Arguments arguments);
}

/// <summary>A function of ours: a global, or a method bound to its object.</summary>
internal sealed class JinjaFunction(string name, Func<RenderState, Arguments, JinjaValue> body, string typeName = "function") : JinjaCallable
{
    public override string TypeName => typeName;

    public string Name { get; } = name;

    public override JinjaValue Call(RenderState state, Arguments arguments) => body(state, arguments);

    /// <summary>A function whose arguments are bound to named parameters first.</summary>
    public static JinjaFunction Of(string name, string[] parameters, Func<RenderState, JinjaValue?[], JinjaValue> body) =>
        new(name, (state, arguments) => body(state, arguments.Bind(name, parameters)));
}
