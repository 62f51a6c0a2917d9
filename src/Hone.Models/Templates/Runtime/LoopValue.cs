namespace Hone.Models.Templates;

/// <summary>The <c>loop</c> of a for statement: its counters and neighbours, and, in a recursive loop, the loop as a function.</summary>
internal sealed class LoopValue(IReadOnlyList<JinjaValue> items, int depth, Func<RenderState, JinjaValue, int, JinjaValue>? recurse) : JinjaCallable
{
    private JinjaTuple? lastChanged;

    public int Index { get; set; }

    public int Count => items.Count;

    public override string TypeName => "LoopContext";

    public JinjaValue? Attribute(string name) => name switch
    {
        "index" => new JinjaInteger(Index + 1),
        "index0" => new JinjaInteger(Index),
        "revindex" => new JinjaInteger(Count - Index),
        "revindex0" => new JinjaInteger(Count - Index - 1),
        "length" => new JinjaInteger(Count),
        "first" => JinjaBool.Of(Index == 0),
        "last" => JinjaBool.Of(Index == Count - 1),
        "depth" => new JinjaInteger(depth),
        "depth0" => new JinjaInteger(depth - 1),
        "previtem" => Index > 0 ? items[Index - 1] : new JinjaUndefined("there is no previous item"),
        "nextitem" => Index < Count - 1 ? items[Index + 1] : new JinjaUndefined("there is no next item"),
        "cycle" => new JinjaFunction(name, (_, a) => Cycle(a)),
        "changed" => new JinjaFunction(name, (state, a) => JinjaBool.Of(HasChanged(state, a))),
        _ => null,
    };

    public override JinjaValue Call(RenderState state, Arguments arguments)
    {
        if (recurse is null) throw JinjaException.Type("The loop must have the 'recursive' marker to be called recursively.");
        return recurse(state, arguments.Bind("loop", ["iterable"])[0]!, depth + 1);
    }

    private JinjaValue Cycle(Arguments arguments)
    {
        if (arguments.Positional.Count == 0) throw JinjaException.Type("no items for cycling given");
        return arguments.Positional[Index % arguments.Positional.Count];
    }

    private bool HasChanged(RenderState state, Arguments arguments)
    {
        JinjaTuple now = new(arguments.Positional);
        if (lastChanged is not null && Operators.AreEqual(state, lastChanged, now)) return false;
        lastChanged = now;
        return true;
    }
}
