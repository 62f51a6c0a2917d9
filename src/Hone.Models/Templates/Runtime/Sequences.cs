using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>Iterating, measuring, indexing and slicing values as Python does.</summary>
internal static class Sequences
{
    public static bool IsIterable(JinjaValue value) =>
        value is JinjaString or JinjaArray or JinjaDict or JinjaView or JinjaRange or JinjaIterator or JinjaUndefined or LoopValue;

    /// <summary>The items; of an object its keys, of a text its code points, of something undefined none.</summary>
    /// <exception cref="JinjaException">The value cannot be iterated.</exception>
    public static IEnumerable<JinjaValue> Iterate(RenderState state, JinjaValue value) => value switch
    {
        JinjaArray array => array.Items,
        JinjaDict dict => dict.Entries.Select(e => e.Key),
        JinjaView view => view.Items,
        JinjaString text => PythonText.CodePoints(text.Value).Select(c => (JinjaValue)new JinjaString(c)),
        JinjaRange range => Enumerable.Range(0, range.Count).Select(i => (JinjaValue)range[i]),
        JinjaIterator iterator => iterator.Rest(),
        JinjaUndefined => [],
        _ => throw JinjaException.Type($"'{value.TypeName}' object is not iterable"),
    };

    /// <summary>Python's <c>len</c>, or null where there is none.</summary>
    public static int? Length(JinjaValue value) => value switch
    {
        JinjaString text => PythonText.Length(text.Value),
        JinjaArray array => array.Items.Count,
        JinjaDict dict => dict.Count,
        JinjaView view => view.Items.Count,
        JinjaRange range => range.Count,
        JinjaUndefined => 0,
        LoopValue loop => loop.Count,
        _ => null,
    };

    /// <summary>The item at an integer index; null when the value has no such item.</summary>
    public static JinjaValue? Item(JinjaValue value, BigInteger index)
    {
        if (Length(value) is not { } length || value is JinjaDict or JinjaView or LoopValue) return null;
        if (index.Sign < 0) index += length;
        if (index.Sign < 0 || index >= length) return null;
        int i = (int)index;
        return value switch
        {
            JinjaArray array => array.Items[i],
            JinjaRange range => range[i],
            JinjaString text => new JinjaString(PythonText.At(text.Value, i)!),
            _ => null,
        };
    }

    /// <summary>Python's <c>value[start:stop:step]</c>.</summary>
    public static JinjaValue Slice(RenderState state, JinjaValue value, JinjaValue? start, JinjaValue? stop, JinjaValue? step)
    {
        if (value is JinjaUndefined undefined) throw undefined.Error();
        if (value is not (JinjaString or JinjaArray or JinjaRange))
            throw JinjaException.Type(value is JinjaDict ? "unhashable type: 'slice'" : $"'{value.TypeName}' object is not subscriptable");
        BigInteger by = Bound(step) ?? 1;
        if (by.IsZero) throw JinjaException.Value("slice step cannot be zero");
        int length = Length(value)!.Value;
        by = BigInteger.Max(-length - 1, BigInteger.Min(length + 1, by)); // a longer step picks the same items
        BigInteger low = by.Sign > 0 ? 0 : -1, high = by.Sign > 0 ? length : length - 1;
        BigInteger from = Clamp(Bound(start), length, low, high) ?? (by.Sign > 0 ? low : high);
        BigInteger to = Clamp(Bound(stop), length, low, high) ?? (by.Sign > 0 ? high : low);
        if (value is JinjaRange range) return new JinjaRange(range.Start + (long)from * range.Step, range.Start + (long)to * range.Step, (long)by * range.Step);
        int count = (int)JinjaRange.Length(from, to, by);
        if (value is JinjaString text) return SliceText(state, text.Value, (int)from, count, by);
        IReadOnlyList<JinjaValue> items = ((JinjaArray)value).Items;
        List<JinjaValue> picked = state.Collect(Enumerable.Range(0, count).Select(i => items[(int)(from + i * by)]));
        return value is JinjaList ? new JinjaList(picked) : new JinjaTuple(picked);
    }

    private static JinjaString SliceText(RenderState state, string text, int from, int count, BigInteger by)
    {
        if (count == 0) return JinjaString.Empty;
        if (by.IsOne)
        {
            int first = PythonText.Utf16Index(text, from);
            string rest = text[first..];
            return state.Text(rest[..PythonText.Utf16Index(rest, count)]);
        }
        string[] letters = [.. PythonText.CodePoints(text)];
        state.Step(letters.Length);
        return state.Text(string.Concat(Enumerable.Range(0, count).Select(i => letters[(int)(from + i * by)])));
    }

    private static BigInteger? Bound(JinjaValue? bound)
    {
        if (bound is null or JinjaNone) return null;
        if (bound is JinjaUndefined undefined) throw undefined.Error();
        return Numbers.TryInteger(bound) ?? throw JinjaException.Type("slice indices must be integers or None or have an __index__ method");
    }

    private static BigInteger? Clamp(BigInteger? bound, int length, BigInteger low, BigInteger high)
    {
        if (bound is not { } value) return null;
        if (value.Sign < 0) value += length;
        return BigInteger.Max(low, BigInteger.Min(high, value));
    }
}
