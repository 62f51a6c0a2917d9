namespace Hone.Models.Templates;

/// <summary>How <c>tojson</c> writes: Python's <c>json.dumps</c>.</summary>
internal sealed record JsonStyle(bool EnsureAscii, string? Indent, string ItemSeparator, string KeySeparator, bool SortKeys);

/// <summary>Writes values as Python's json module does.</summary>
internal sealed class PythonJson(RenderState state, JsonStyle style)
{
    private readonly BoundedText output = new(state);

    public static string Dump(RenderState state, JinjaValue value, JsonStyle style)
    {
        PythonJson writer = new(state, style);
        writer.Write(value, 0);
        return writer.output.ToString();
    }

    private void Write(JinjaValue value, int level)
    {
        state.Step();
        state.Enter();
        switch (value)
        {
            case JinjaString text: WriteString(text.Value); break;
            case JinjaArray array: WriteArray(array.Items, level); break;
            case JinjaDict dict: WriteObject(dict, level); break;
            default: output.Append(Scalar(value) ?? throw JinjaException.Type($"Object of type {value.TypeName} is not JSON serializable")); break;
        }
        state.Leave();
    }

    private static string? Scalar(JinjaValue value) => value switch
    {
        JinjaNone => "null",
        JinjaBool truth => truth.Value ? "true" : "false",
        JinjaInteger integer => integer.Value.ToString(),
        JinjaFloat { Value: double.NaN } => "NaN",
        JinjaFloat real when double.IsInfinity(real.Value) => real.Value > 0 ? "Infinity" : "-Infinity",
        JinjaFloat real => Numbers.Text(real.Value),
        _ => null,
    };

    private void WriteArray(IReadOnlyList<JinjaValue> items, int level)
    {
        if (items.Count == 0)
        {
            output.Append("[]");
            return;
        }
        output.Append('[');
        for (int i = 0; i < items.Count; i++)
        {
            Separate(i, level + 1);
            Write(items[i], level + 1);
        }
        NewLine(level);
        output.Append(']');
    }

    private void WriteObject(JinjaDict dict, int level)
    {
        if (dict.Count == 0)
        {
            output.Append("{}");
            return;
        }
        output.Append('{');
        IReadOnlyList<KeyValuePair<JinjaValue, JinjaValue>> entries = style.SortKeys ? StableSort.Sort(state, dict.Entries, e => e.Key) : dict.Entries;
        int i = 0;
        foreach ((JinjaValue key, JinjaValue value) in entries)
        {
            Separate(i++, level + 1);
            WriteString(key is JinjaString text ? text.Value : Scalar(key) ?? throw JinjaException.Type($"keys must be str, int, float, bool or None, not {key.TypeName}"));
            output.Append(style.KeySeparator);
            Write(value, level + 1);
        }
        NewLine(level);
        output.Append('}');
    }

    private void Separate(int index, int level)
    {
        if (index > 0) output.Append(style.ItemSeparator);
        NewLine(level);
    }

    private void NewLine(int level)
    {
        if (style.Indent is null) return;
        output.Append('\n');
        for (int i = 0; i < level; i++) output.Append(style.Indent);
    }

    private void WriteString(string text)
    {
        output.Append('"');
        int plain = 0;
        for (int i = 0; i < text.Length; i++)
        {
            string? escape = Escape(text[i]);
            if (escape is null) continue;
            output.Append(text.AsSpan(plain, i - plain)).Append(escape);
            plain = i + 1;
        }
        output.Append(text.AsSpan(plain)).Append('"');
    }

    private string? Escape(char c) => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\b' => "\\b",
        '\f' => "\\f",
        < ' ' => $"\\u{(int)c:x4}",
        >= '\x7f' when style.EnsureAscii && c != '\x7f' => $"\\u{(int)c:x4}",
        _ => null,
    };
}
