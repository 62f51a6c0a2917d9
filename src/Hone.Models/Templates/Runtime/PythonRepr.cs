using System.Text;

namespace Hone.Models.Templates;

/// <summary>How Python prints values: <c>str()</c> for output, <c>repr()</c> inside lists and objects.</summary>
internal static class PythonRepr
{
    /// <summary>What <c>{{ value }}</c> writes.</summary>
    public static string Str(RenderState state, JinjaValue value) => value switch
    {
        JinjaString text => text.Value,
        JinjaUndefined => "",
        _ => Repr(state, value),
    };

    public static string Repr(RenderState state, JinjaValue value)
    {
        BoundedText output = new(state);
        Write(state, value, output);
        return output.ToString();
    }

    private static void Write(RenderState state, JinjaValue value, BoundedText output)
    {
        state.Step();
        state.Enter();
        switch (value)
        {
            case JinjaString text: WriteString(text.Value, output); break;
            case JinjaInteger integer: output.Append(integer.Value.ToString()); break;
            case JinjaFloat real: output.Append(Numbers.Text(real.Value)); break;
            case JinjaBool truth: output.Append(truth.Value ? "True" : "False"); break;
            case JinjaNone: output.Append("None"); break;
            case JinjaUndefined: output.Append("Undefined"); break;
            case JinjaList list: WriteItems(state, "[", list.Items, "]", output); break;
            case JinjaTuple tuple: WriteItems(state, "(", tuple.Items, tuple.Items.Count == 1 ? ",)" : ")", output); break;
            case JinjaView view: WriteItems(state, view.TypeName + "([", view.Items, "])", output); break;
            case JinjaDict dict: WriteEntries(state, dict.Entries, output); break;
            case JinjaRange range: output.Append(RangeText(range)); break;
            case JinjaNamespace space:
                output.Append("<Namespace ");
                WriteEntries(state, [.. space.Attributes.Select(a => KeyValuePair.Create<JinjaValue, JinjaValue>(new JinjaString(a.Key), a.Value))], output);
                output.Append('>');
                break;
            default: output.Append($"<{value.TypeName} object>"); break;
        }
        state.Leave();
    }

    private static string RangeText(JinjaRange range) =>
        range.Step == 1 ? $"range({range.Start}, {range.Stop})" : $"range({range.Start}, {range.Stop}, {range.Step})";

    private static void WriteItems(RenderState state, string open, IReadOnlyList<JinjaValue> items, string close, BoundedText output)
    {
        output.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) output.Append(", ");
            Write(state, items[i], output);
        }
        output.Append(close);
    }

    private static void WriteEntries(RenderState state, IReadOnlyList<KeyValuePair<JinjaValue, JinjaValue>> entries, BoundedText output)
    {
        output.Append('{');
        for (int i = 0; i < entries.Count; i++)
        {
            if (i > 0) output.Append(", ");
            Write(state, entries[i].Key, output);
            output.Append(": ");
            Write(state, entries[i].Value, output);
        }
        output.Append('}');
    }

    // Single quotes unless the text has single and no double quotes.
    private static void WriteString(string text, BoundedText output)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == quote || c == '\\') output.Append('\\').Append(c);
            else if (c is >= ' ' and < '\x7f') output.Append(c);
            else i += WriteSpecial(text, i, output) - 1;
        }
        output.Append(quote);
    }

    private static int WriteSpecial(string text, int index, BoundedText output)
    {
        char c = text[index];
        if (c is '\n' or '\r' or '\t') output.Append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (Rune.TryGetRuneAt(text, index, out Rune rune))
        {
            if (PythonText.IsPrintable(rune)) output.Append(rune.ToString());
            else output.Append(rune.Value <= 0xFF ? $"\\x{rune.Value:x2}" : rune.IsBmp ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}");
            return rune.Utf16SequenceLength;
        }
        else output.Append($"\\u{(int)c:x4}");
        return 1;
    }
}
