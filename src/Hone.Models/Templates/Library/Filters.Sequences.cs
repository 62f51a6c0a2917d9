namespace Hone.Models.Templates;

/// <summary>Filters on lists and other sequences.</summary>
internal static partial class Filters
{
    private static void AddSequenceFilters(Dictionary<string, FilterBody> filters)
    {
        filters.Add("length", [], (_, a) => Number(Sequences.Length(a[0]!) ?? throw JinjaException.Type($"object of type '{a[0]!.TypeName}' has no len()")));
        filters.Add("first", [], (s, a) => Sequences.Iterate(s, a[0]!).FirstOrDefault() ?? new JinjaUndefined("No first item, sequence was empty."));
        filters.Add("last", [], (s, a) => Reversed(s, a[0]!).LastOrDefault() ?? new JinjaUndefined("No last item, sequence was empty."));
        filters.Add("list", [], (s, a) => new JinjaList(s.Collect(Sequences.Iterate(s, a[0]!))));
        filters.Add("join", ["d?", "attribute?"], (s, a) => Join(s, a[0]!, Str(s, a[1]), a[2]));
        filters.Add("reverse", [], (s, a) => Reverse(s, a[0]!));
        filters.Add("sort", ["reverse?", "case_sensitive?", "attribute?"], (s, a) => new JinjaList(Sorted(s, Sequences.Iterate(s, a[0]!), Keys(s, a[3], True(a[2])), True(a[1]))));
        filters.Add("unique", ["case_sensitive?", "attribute?"], (s, a) => new JinjaIterator("generator", Unique(s, a[0]!, Key(a[2], True(a[1])))));
        filters.Add("min", ["case_sensitive?", "attribute?"], (s, a) => Extreme(s, a[0]!, Key(a[2], True(a[1])), -1));
        filters.Add("max", ["case_sensitive?", "attribute?"], (s, a) => Extreme(s, a[0]!, Key(a[2], True(a[1])), 1));
        filters.Add("sum", ["attribute?", "start?"], (s, a) => Sum(s, a[0]!, a[1], a[2] ?? Number(0)));
        filters.Add("random", [], (s, a) => s.Collect(Sequences.Iterate(s, a[0]!)).FirstOrDefault() ?? new JinjaUndefined("No random item, sequence was empty."));
        filters.Add("batch", ["linecount", "fill_with?"], (s, a) => new JinjaIterator("generator", Batch(s, a[0]!, Int(a[1], 1), a[2])));
        filters.Add("slice", ["slices", "fill_with?"], (s, a) => new JinjaIterator("generator", Slices(s, a[0]!, Int(a[1], 1), a[2])));
        filters.Add("groupby", ["attribute", "default?", "case_sensitive?"], (s, a) => GroupBy(s, a[0]!, a[1]!, a[2], True(a[3])));
        filters.Add("dictsort", ["case_sensitive?", "by?", "reverse?"], (s, a) => DictSort(s, a[0]!, True(a[1]), Str(s, a[2], "key"), True(a[3])));
        filters.Add("items", [], (_, a) => new JinjaIterator("generator", a[0] switch
        {
            JinjaUndefined => [],
            JinjaDict dict => DictMethods.Items(dict).Items,
            _ => throw JinjaException.Type("Can only get item pairs from a mapping."),
        }));
    }

    private static IEnumerable<JinjaValue> Reversed(RenderState state, JinjaValue value) => value is JinjaIterator
        ? throw JinjaException.Type($"'{value.TypeName}' object is not reversible") : Sequences.Iterate(state, value);

    private static JinjaValue Reverse(RenderState state, JinjaValue value)
    {
        List<JinjaValue> items = state.Collect(Sequences.Iterate(state, value));
        items.Reverse();
        if (value is JinjaString) return state.Text(string.Concat(items.Select(i => ((JinjaString)i).Value)));
        return new JinjaIterator("reversed", items);
    }

    private static JinjaString Join(RenderState state, JinjaValue value, string separator, JinjaValue? attribute)
    {
        BoundedText text = new(state);
        Func<RenderState, JinjaValue, JinjaValue> part = Getter(attribute);
        bool first = true;
        foreach (JinjaValue item in Sequences.Iterate(state, value))
        {
            state.Step();
            if (!first) text.Append(separator);
            first = false;
            text.Append(PythonRepr.Str(state, part(state, item)));
        }
        return new JinjaString(text.ToString());
    }

    /// <summary>Reads an attribute path such as <c>a.b.0</c>; null reads the item itself.</summary>
    private static Func<RenderState, JinjaValue, JinjaValue> Getter(JinjaValue? attribute, JinjaValue? fallback = null)
    {
        if (attribute is null or JinjaNone) return (_, item) => item;
        JinjaValue[] path = attribute is JinjaString text
            ? [.. text.Value.Split('.').Select(p => p.Length > 0 && p.All(char.IsAsciiDigit) && p.Length < 10 ? (JinjaValue)Number(int.Parse(p)) : new JinjaString(p))]
            : [attribute];
        return (state, item) =>
        {
            foreach (JinjaValue key in path)
            {
                item = Attributes.GetItem(state, item, key);
                if (fallback is not null && item is JinjaUndefined) item = fallback;
            }
            return item;
        };
    }

    // Texts are compared without regard to case unless asked otherwise.
    private static Func<RenderState, JinjaValue, JinjaValue> Key(JinjaValue? attribute, bool caseSensitive)
    {
        Func<RenderState, JinjaValue, JinjaValue> get = Getter(attribute);
        return caseSensitive ? get : (state, item) => Folded(state, get(state, item));
    }

    private static JinjaValue Folded(RenderState state, JinjaValue value) => value is JinjaString text ? state.Text(PythonCase.Lower(text.Value)) : value;

    // sort(attribute='a,b') sorts by several.
    private static Func<RenderState, JinjaValue, JinjaValue> Keys(RenderState state, JinjaValue? attribute, bool caseSensitive)
    {
        if (attribute is not JinjaString text || !text.Value.Contains(',')) return Key(attribute, caseSensitive);
        Func<RenderState, JinjaValue, JinjaValue>[] parts = [.. text.Value.Split(',').Select(p => Key(new JinjaString(p), caseSensitive))];
        state.Step(parts.Length);
        return (s, item) => new JinjaTuple([.. parts.Select(p => p(s, item))]);
    }

    private static JinjaValue[] Sorted(RenderState state, IEnumerable<JinjaValue> items, Func<RenderState, JinjaValue, JinjaValue> key, bool reverse) =>
        StableSort.Sort(state, state.Collect(items), item => key(state, item), reverse);

    private static IEnumerable<JinjaValue> Unique(RenderState state, JinjaValue value, Func<RenderState, JinjaValue, JinjaValue> key)
    {
        JinjaDict seen = new();
        foreach (JinjaValue item in Sequences.Iterate(state, value))
        {
            state.Step();
            JinjaValue k = key(state, item);
            if (seen.TryGet(k, out _)) continue;
            seen.Set(k, item);
            yield return item;
        }
    }

    private static JinjaValue Extreme(RenderState state, JinjaValue value, Func<RenderState, JinjaValue, JinjaValue> key, int sign)
    {
        JinjaValue? best = null, bestKey = null;
        foreach (JinjaValue item in Sequences.Iterate(state, value))
        {
            JinjaValue k = key(state, item);
            if (bestKey is not null && Math.Sign(Operators.Order(state, k, bestKey)) != sign) continue;
            (best, bestKey) = (item, k);
        }
        return best ?? new JinjaUndefined("No aggregated item, sequence was empty.");
    }

    private static JinjaValue Sum(RenderState state, JinjaValue value, JinjaValue? attribute, JinjaValue start)
    {
        Func<RenderState, JinjaValue, JinjaValue> get = Getter(attribute);
        foreach (JinjaValue item in Sequences.Iterate(state, value)) start = Operators.Add(state, start, get(state, item));
        return start;
    }

    private static IEnumerable<JinjaValue> Batch(RenderState state, JinjaValue value, int size, JinjaValue? fill)
    {
        List<JinjaValue> row = [];
        foreach (JinjaValue item in Sequences.Iterate(state, value))
        {
            if (row.Count == size && row.Count > 0)
            {
                yield return new JinjaList(row);
                row = [];
            }
            state.Step();
            row.Add(item);
        }
        if (row.Count == 0) yield break;
        if (fill is not (null or JinjaNone)) row.AddRange(state.Collect(Enumerable.Repeat(fill, Math.Max(0, size - row.Count))));
        yield return new JinjaList(row);
    }

    private static IEnumerable<JinjaValue> Slices(RenderState state, JinjaValue value, int slices, JinjaValue? fill)
    {
        if (slices <= 0) throw new JinjaException(JinjaErrorKind.ZeroDivisionError, "integer division or modulo by zero");
        List<JinjaValue> items = state.Collect(Sequences.Iterate(state, value));
        int size = items.Count / slices, longer = items.Count % slices, at = 0;
        for (int i = 0; i < slices; i++)
        {
            state.Step();
            int count = size + (i < longer ? 1 : 0);
            List<JinjaValue> row = items.GetRange(at, count);
            at += count;
            if (fill is not (null or JinjaNone) && i >= longer && longer > 0) row.Add(fill);
            yield return new JinjaList(row);
        }
    }

    private static JinjaList GroupBy(RenderState state, JinjaValue value, JinjaValue attribute, JinjaValue? fallback, bool caseSensitive)
    {
        Func<RenderState, JinjaValue, JinjaValue> raw = Getter(attribute, fallback is JinjaNone ? null : fallback);
        Func<RenderState, JinjaValue, JinjaValue> key = caseSensitive ? raw : (s, item) => Folded(s, raw(s, item));
        List<JinjaValue> groups = [], members = [];
        JinjaValue? current = null;
        foreach (JinjaValue item in Sorted(state, Sequences.Iterate(state, value), key, reverse: false))
        {
            JinjaValue k = key(state, item);
            if (current is not null && !Operators.AreEqual(state, current, k)) Close();
            current = k;
            members.Add(item);
        }
        if (current is not null) Close();
        return new JinjaList(groups);

        void Close()
        {
            // Without regard to case the group is named by its first member.
            groups.Add(new JinjaTuple([raw(state, members[0]), new JinjaList(members)], ["grouper", "list"]));
            members = [];
        }
    }

    private static JinjaList DictSort(RenderState state, JinjaValue value, bool caseSensitive, string by, bool reverse)
    {
        if (by is not ("key" or "value")) throw new JinjaException(JinjaErrorKind.FilterArgumentError, "You can only sort by either \"key\" or \"value\"");
        if (value is not JinjaDict dict) throw JinjaException.Type($"'{value.TypeName}' object has no items");
        return new JinjaList(Sorted(state, DictMethods.Items(dict).Items, Key(Number(by == "key" ? 0 : 1), caseSensitive), reverse));
    }
}
