namespace Hone.Models.Templates;

/// <summary>
/// <c>value.name</c> and <c>value[key]</c>. A dot looks for a method first and a key second, brackets the other way round.
/// Only the methods listed in this folder exist; those that would change a value are refused, and so is every name of
/// Python's machinery.
/// </summary>
internal static class Attributes
{
    public static JinjaValue Get(RenderState state, JinjaValue value, JinjaString name)
    {
        if (value is JinjaUndefined undefined) throw undefined.Error();
        return Attribute(value, name.Value) ?? Key(value, name) ?? Missing(value, name.Value);
    }

    public static JinjaValue GetItem(RenderState state, JinjaValue value, JinjaValue key)
    {
        if (value is JinjaUndefined undefined) throw undefined.Error();
        JinjaValue? item = key is JinjaString ? Key(value, key)
            : value is JinjaDict ? Key(value, key)
            : Numbers.TryInteger(key) is { } index ? Sequences.Item(value, index) : null;
        if (item is not null) return item;
        if (key is not JinjaString name)
            return new JinjaUndefined($"'{ObjectName(value)}' has no element {PythonRepr.Repr(state, key)}");
        return Attribute(value, name.Value) ?? Missing(value, name.Value);
    }

    /// <summary>The attr filter: attributes only, never keys.</summary>
    public static JinjaValue GetOnlyAttribute(JinjaValue value, string name)
    {
        if (value is JinjaUndefined undefined) throw undefined.Error();
        return Attribute(value, name) ?? Missing(value, name);
    }

    private static JinjaValue? Key(JinjaValue value, JinjaValue key) =>
        value is JinjaDict dict && JinjaDict.IsHashable(key) && dict.TryGet(key, out JinjaValue? item) ? item : null;

    private static JinjaValue? Attribute(JinjaValue value, string name)
    {
        if (name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal)) return Unsafe(value, name);
        return value switch
        {
            JinjaString text => StringMethods.Find(text.Value, name),
            JinjaDict dict => (JinjaValue?)DictMethods.Find(dict, name) ?? Mutating(value, name, "clear", "pop", "popitem", "setdefault", "update"),
            JinjaList list => (JinjaValue?)ListMethods.Find(list, name) ?? Mutating(value, name, "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"),
            JinjaTuple tuple => tuple.Field(name) ?? ListMethods.Find(tuple, name),
            JinjaNamespace space => space.Attributes.GetValueOrDefault(name),
            LoopValue loop => loop.Attribute(name),
            MacroValue macro => macro.Attribute(name),
            CyclerValue cycler => cycler.Attribute(name),
            JinjaInteger or JinjaBool or JinjaFloat => NumberMethods.Find(value, name),
            _ => null,
        };
    }

    private static JinjaUndefined? Mutating(JinjaValue value, string name, params ReadOnlySpan<string> names) =>
        names.Contains(name) ? Unsafe(value, name) : null;

    private static JinjaUndefined Unsafe(JinjaValue value, string name) =>
        new($"access to attribute '{name}' of '{value.TypeName}' object is unsafe.", JinjaErrorKind.SecurityError);

    private static JinjaUndefined Missing(JinjaValue value, string name) => new($"'{ObjectName(value)}' has no attribute '{name}'");

    private static string ObjectName(JinjaValue value) => value is JinjaNone ? "None" : value.TypeName + " object";
}

/// <summary>Methods of objects that read.</summary>
internal static class DictMethods
{
    public static JinjaFunction? Find(JinjaDict dict, string name) => name switch
    {
        "items" => JinjaFunction.Of(name, [], (_, _) => Items(dict)),
        "keys" => JinjaFunction.Of(name, [], (_, _) => new JinjaView("dict_keys", [.. dict.Entries.Select(e => e.Key)])),
        "values" => JinjaFunction.Of(name, [], (_, _) => new JinjaView("dict_values", [.. dict.Entries.Select(e => e.Value)])),
        "get" => JinjaFunction.Of(name, ["key", "default?"], (_, a) => dict.TryGet(a[0]!, out JinjaValue? value) ? value : a[1] ?? JinjaNone.Instance),
        "copy" => JinjaFunction.Of(name, [], (_, _) => dict),
        _ => null,
    };

    public static JinjaView Items(JinjaDict dict) =>
        new("dict_items", [.. dict.Entries.Select(e => new JinjaTuple([e.Key, e.Value]))]);
}

/// <summary>Methods of lists and tuples that read.</summary>
internal static class ListMethods
{
    public static JinjaFunction? Find(JinjaArray array, string name) => name switch
    {
        "index" => JinjaFunction.Of(name, ["value"], (state, a) => Index(state, array, a[0]!)),
        "count" => JinjaFunction.Of(name, ["value"], (state, a) => new JinjaInteger(array.Items.Count(i => Operators.AreEqual(state, i, a[0]!)))),
        "copy" when array is JinjaList => JinjaFunction.Of(name, [], (_, _) => array),
        _ => null,
    };

    private static JinjaInteger Index(RenderState state, JinjaArray array, JinjaValue value)
    {
        for (int i = 0; i < array.Items.Count; i++)
            if (Operators.AreEqual(state, array.Items[i], value)) return new JinjaInteger(i);
        throw JinjaException.Value($"{PythonRepr.Repr(state, value)} is not in list");
    }
}

/// <summary>The few methods of numbers a template might use.</summary>
internal static class NumberMethods
{
    public static JinjaFunction? Find(JinjaValue value, string name) => (name, value) switch
    {
        ("is_integer", JinjaFloat real) => JinjaFunction.Of(name, [], (_, _) => JinjaBool.Of(real.Value == Math.Floor(real.Value))),
        ("bit_length", JinjaInteger whole) => JinjaFunction.Of(name, [], (_, _) => new JinjaInteger(System.Numerics.BigInteger.Abs(whole.Value).GetBitLength())),
        _ => null,
    };
}
