using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>A value a template can hold. Nothing of .NET is reachable through it: attributes and methods are those listed by hand.</summary>
internal abstract class JinjaValue
{
    /// <summary>Python's name of the type, for messages.</summary>
    public abstract string TypeName { get; }

    /// <summary>Python's truth value.</summary>
    public virtual bool IsTrue => true;
}

/// <summary>The result of a name, key or attribute that is not there: prints as nothing, fails when used.</summary>
internal sealed class JinjaUndefined(string message, JinjaErrorKind kind = JinjaErrorKind.UndefinedError) : JinjaValue
{
    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public JinjaException Error() => new(kind, message);

    public static JinjaUndefined Name(string name) => new($"'{name}' is undefined");
}

internal sealed class JinjaNone : JinjaValue
{
    public static readonly JinjaNone Instance = new();

    private JinjaNone() { }

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

internal sealed class JinjaBool : JinjaValue
{
    public static readonly JinjaBool True = new(true);
    public static readonly JinjaBool False = new(false);

    private JinjaBool(bool value) => Value = value;

    public bool Value { get; }

    public override string TypeName => "bool";

    public override bool IsTrue => Value;

    public static JinjaBool Of(bool value) => value ? True : False;
}

internal sealed class JinjaInteger(BigInteger value) : JinjaValue
{
    public BigInteger Value { get; } = value;

    public override string TypeName => "int";

    public override bool IsTrue => !Value.IsZero;
}

internal sealed class JinjaFloat(double value) : JinjaValue
{
    public double Value { get; } = value;

    public override string TypeName => "float";

    public override bool IsTrue => Value != 0;
}

internal sealed class JinjaString(string value) : JinjaValue
{
    public static readonly JinjaString Empty = new("");

    public string Value { get; } = value;

    public override string TypeName => "str";

    public override bool IsTrue => Value.Length > 0;
}

/// <summary>A list or tuple; never changed after it was made.</summary>
internal abstract class JinjaArray(IReadOnlyList<JinjaValue> items) : JinjaValue
{
    public IReadOnlyList<JinjaValue> Items { get; } = items;

    public override bool IsTrue => Items.Count > 0;
}

internal sealed class JinjaList(IReadOnlyList<JinjaValue> items) : JinjaArray(items)
{
    public override string TypeName => "list";
}

/// <summary>A tuple; <paramref name="fields"/> names its items where the reference gives a named tuple (groupby).</summary>
internal sealed class JinjaTuple(IReadOnlyList<JinjaValue> items, string[]? fields = null) : JinjaArray(items)
{
    /// <summary>Items counted through nested tuples; bounds the work of hashing one, which may hold itself many times over.</summary>
    public long Weight { get; } = Math.Min(int.MaxValue, items.Sum(i => i is JinjaTuple inner ? inner.Weight + 1 : 1L));

    public override string TypeName => "tuple";

    public JinjaValue? Field(string name)
    {
        int index = fields is null ? -1 : Array.IndexOf(fields, name);
        return index < 0 ? null : Items[index];
    }
}

/// <summary>Python's range: start, stop and step, at most 100,000 long.</summary>
internal sealed class JinjaRange(long start, long stop, long step) : JinjaValue
{
    public long Start { get; } = start;

    public long Stop { get; } = stop;

    public long Step { get; } = step;

    public int Count { get; } = (int)Length(start, stop, step);

    public override string TypeName => "range";

    public override bool IsTrue => Count > 0;

    public JinjaInteger this[int index] => new(Start + index * Step);

    public static BigInteger Length(BigInteger start, BigInteger stop, BigInteger step)
    {
        BigInteger span = step.Sign > 0 ? stop - start : start - stop;
        return span.Sign <= 0 ? 0 : (span - 1) / BigInteger.Abs(step) + 1;
    }
}

/// <summary>A stream that can be read once, as the filters map, select, unique and others return it.</summary>
internal sealed class JinjaIterator(string typeName, IEnumerable<JinjaValue> source) : JinjaValue
{
    private readonly IEnumerator<JinjaValue> enumerator = source.GetEnumerator();

    public override string TypeName => typeName;

    public IEnumerable<JinjaValue> Rest()
    {
        while (true)
        {
            StackGuard.Check(); // a stream may read a stream that reads a stream …
            if (!enumerator.MoveNext()) yield break;
            yield return enumerator.Current;
        }
    }
}

/// <summary>What <c>keys()</c>, <c>values()</c> and <c>items()</c> of an object return.</summary>
internal sealed class JinjaView(string typeName, IReadOnlyList<JinjaValue> items) : JinjaValue
{
    public override string TypeName => typeName;

    public IReadOnlyList<JinjaValue> Items { get; } = items;

    public override bool IsTrue => Items.Count > 0;
}

/// <summary>The one mutable value: <c>namespace(...)</c>, changed by <c>{% set ns.x = ... %}</c>.</summary>
internal sealed class JinjaNamespace : JinjaValue
{
    public Dictionary<string, JinjaValue> Attributes { get; } = new(StringComparer.Ordinal);

    public override string TypeName => "Namespace";
}
