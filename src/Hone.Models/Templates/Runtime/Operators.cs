using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>Python's operators over template values.</summary>
internal static class Operators
{
    public static JinjaValue Add(RenderState state, JinjaValue a, JinjaValue b) => (a, b) switch
    {
        (JinjaString x, JinjaString y) => Concat(state, x.Value, y.Value),
        (JinjaList x, JinjaList y) => new JinjaList(state.Collect(x.Items.Concat(y.Items))),
        (JinjaTuple x, JinjaTuple y) => new JinjaTuple(state.Collect(x.Items.Concat(y.Items))),
        _ when Pair(a, b, out Number x, out Number y) => Numbers.Add(x, y).ToValue(),
        (JinjaString, not JinjaUndefined) => throw JinjaException.Type($"can only concatenate str (not \"{b.TypeName}\") to str"),
        _ => throw Unsupported("+", a, b),
    };

    public static JinjaValue Multiply(RenderState state, JinjaValue a, JinjaValue b)
    {
        if (Pair(a, b, out Number x, out Number y)) return Numbers.Multiply(x, y).ToValue();
        return Repeat(state, a, b) ?? Repeat(state, b, a) ?? throw Unsupported("*", a, b);
    }

    public static JinjaValue Modulo(RenderState state, JinjaValue a, JinjaValue b)
    {
        if (a is JinjaString format && b is not JinjaUndefined) return PercentFormat.Apply(state, format.Value, b);
        return Remainder(a, b).ToValue();
    }

    /// <summary>The remainder of two numbers.</summary>
    public static Number Remainder(JinjaValue a, JinjaValue b) =>
        Pair(a, b, out Number x, out Number y) ? Numbers.Modulo(x, y) : throw Unsupported("%", a, b);

    public static JinjaValue Arithmetic(string symbol, JinjaValue a, JinjaValue b)
    {
        if (!Pair(a, b, out Number x, out Number y)) throw Unsupported(symbol == "**" ? "** or pow()" : symbol, a, b);
        return (symbol switch
        {
            "-" => Numbers.Subtract(x, y),
            "/" => Numbers.Divide(x, y),
            "//" => Numbers.FloorDivide(x, y),
            _ => Numbers.Power(x, y),
        }).ToValue();
    }

    public static JinjaValue Negate(JinjaValue value)
    {
        if (!Numbers.TryNumber(value, out Number number)) throw UnsupportedUnary("-", value);
        return number.IsFloat ? new JinjaFloat(-number.Float) : new JinjaInteger(-number.Integer);
    }

    public static JinjaValue Plus(JinjaValue value) =>
        Numbers.TryNumber(value, out Number number) ? number.ToValue() : throw UnsupportedUnary("+", value);

    /// <summary>Python's <c>==</c>, for any two values.</summary>
    public static bool AreEqual(RenderState state, JinjaValue a, JinjaValue b)
    {
        state.Step();
        if (ReferenceEquals(a, b)) return a is not JinjaFloat { Value: double.NaN };
        if (Numbers.TryNumber(a, out Number x) && Numbers.TryNumber(b, out Number y)) return x.CompareTo(y) == 0;
        return (a, b) switch
        {
            (JinjaString s, JinjaString t) => string.Equals(s.Value, t.Value, StringComparison.Ordinal),
            (JinjaUndefined, JinjaUndefined) => true,
            (JinjaList s, JinjaList t) => SameItems(state, s.Items, t.Items),
            (JinjaTuple s, JinjaTuple t) => SameItems(state, s.Items, t.Items),
            (JinjaDict s, JinjaDict t) => SameEntries(state, s, t),
            (JinjaRange s, JinjaRange t) => s.Count == t.Count && (s.Count == 0 || (s.Start == t.Start && (s.Count == 1 || s.Step == t.Step))),
            _ => false,
        };
    }

    /// <summary>Python's <c>&lt;</c> and its kin as a sign; refuses values without an order.</summary>
    public static int Order(RenderState state, JinjaValue a, JinjaValue b, string symbol = "<")
    {
        state.Step();
        if (a is JinjaUndefined u) throw u.Error();
        if (b is JinjaUndefined v) throw v.Error();
        if (Numbers.TryNumber(a, out Number x) && Numbers.TryNumber(b, out Number y)) return x.CompareTo(y);
        return (a, b) switch
        {
            (JinjaString s, JinjaString t) => PythonText.Compare(s.Value, t.Value),
            (JinjaList s, JinjaList t) => OrderItems(state, s.Items, t.Items, symbol),
            (JinjaTuple s, JinjaTuple t) => OrderItems(state, s.Items, t.Items, symbol),
            _ => throw JinjaException.Type($"'{symbol}' not supported between instances of '{a.TypeName}' and '{b.TypeName}'"),
        };
    }

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(RenderState state, JinjaValue container, JinjaValue item)
    {
        switch (container)
        {
            case JinjaString text:
                if (item is not JinjaString part) throw JinjaException.Type($"'in <string>' requires string as left operand, not {item.TypeName}");
                state.Step(1 + text.Value.Length / 64);
                return text.Value.Contains(part.Value, StringComparison.Ordinal);
            case JinjaDict dict: return dict.TryGet(item, out _);
            case JinjaRange range when Numbers.TryInteger(item) is { } whole: return InRange(range, whole);
            default:
                if (!Sequences.IsIterable(container)) throw JinjaException.Type($"argument of type '{container.TypeName}' is not iterable");
                return Sequences.Iterate(state, container).Any(x => AreEqual(state, x, item));
        }
    }

    private static bool InRange(JinjaRange range, BigInteger value)
    {
        BigInteger steps = BigInteger.DivRem(value - range.Start, range.Step, out BigInteger rest);
        return rest.IsZero && steps.Sign >= 0 && steps < range.Count;
    }

    private static bool Pair(JinjaValue a, JinjaValue b, out Number x, out Number y)
    {
        y = default;
        return Numbers.TryNumber(a, out x) && Numbers.TryNumber(b, out y);
    }

    private static JinjaString Concat(RenderState state, string a, string b)
    {
        state.ChargeText(a.Length + (long)b.Length, a.Length + (long)b.Length);
        return new JinjaString(string.Concat(a, b));
    }

    private static JinjaValue? Repeat(RenderState state, JinjaValue what, JinjaValue times)
    {
        if (Numbers.TryInteger(times) is not { } count || what is not (JinjaString or JinjaArray)) return null;
        int length = what is JinjaString s ? s.Value.Length : ((JinjaArray)what).Items.Count;
        if (count.Sign < 0 || length == 0) count = 0;
        if (count * length > int.MaxValue) throw JinjaException.Limit($"repeating {length} items {count} times is too much");
        int repeats = (int)count;
        if (what is JinjaString text)
        {
            state.ChargeText((long)length * repeats, (long)length * repeats);
            return new JinjaString(string.Concat(Enumerable.Repeat(text.Value, repeats)));
        }
        List<JinjaValue> items = state.Collect(Enumerable.Repeat(((JinjaArray)what).Items, repeats).SelectMany(x => x));
        return what is JinjaList ? new JinjaList(items) : new JinjaTuple(items);
    }

    private static bool SameItems(RenderState state, IReadOnlyList<JinjaValue> a, IReadOnlyList<JinjaValue> b)
    {
        if (a.Count != b.Count) return false;
        state.Enter();
        for (int i = 0; i < a.Count; i++)
            if (!AreEqual(state, a[i], b[i])) return Left(state, false);
        return Left(state, true);
    }

    private static bool SameEntries(RenderState state, JinjaDict a, JinjaDict b)
    {
        if (a.Count != b.Count) return false;
        state.Enter();
        foreach ((JinjaValue key, JinjaValue value) in a.Entries)
            if (!b.TryGet(key, out JinjaValue? other) || !AreEqual(state, value, other)) return Left(state, false);
        return Left(state, true);
    }

    private static int OrderItems(RenderState state, IReadOnlyList<JinjaValue> a, IReadOnlyList<JinjaValue> b, string symbol)
    {
        state.Enter();
        int order = a.Count.CompareTo(b.Count);
        for (int i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            if (AreEqual(state, a[i], b[i])) continue;
            order = Order(state, a[i], b[i], symbol);
            break;
        }
        state.Leave();
        return order;
    }

    private static bool Left(RenderState state, bool result)
    {
        state.Leave();
        return result;
    }

    private static JinjaException Unsupported(string symbol, JinjaValue a, JinjaValue b) =>
        a is JinjaUndefined u ? u.Error() : b is JinjaUndefined v ? v.Error()
        : JinjaException.Type($"unsupported operand type(s) for {symbol}: '{a.TypeName}' and '{b.TypeName}'");

    private static JinjaException UnsupportedUnary(string symbol, JinjaValue value) =>
        value is JinjaUndefined undefined ? undefined.Error() : JinjaException.Type($"bad operand type for unary {symbol}: '{value.TypeName}'");
}
