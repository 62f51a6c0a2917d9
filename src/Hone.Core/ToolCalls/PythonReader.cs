using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Core.ToolCalls;

/// <summary>
/// Reads calls in Python's syntax, <c>name(argument="value", other=3)</c>, by themselves or in a list. Arguments have names and values are
/// literals: texts, numbers, True, False, None, lists, dictionaries; a bare name stands for its text. Nothing is evaluated.
/// </summary>
internal sealed class PythonReader(string text)
{
    private const int MaxDepth = 64;
    private int at;

    /// <summary>The calls, or null when the text is anything else.</summary>
    public static List<ToolCall>? Read(string text)
    {
        PythonReader reader = new(text);
        List<ToolCall>? calls = reader.Take('[') ? reader.List() : reader.Call() is { } call ? [call] : null;
        reader.Space();
        return reader.at == text.Length ? calls : null;
    }

    private List<ToolCall>? List()
    {
        List<ToolCall> calls = [];
        if (Take(']')) return calls;
        do
        {
            if (Call() is not { } call) return null;
            calls.Add(call);
        }
        while (Take(',') && !Peek(']'));
        return Take(']') ? calls : null;
    }

    private ToolCall? Call()
    {
        string name = Name(dotted: true);
        if (name.Length == 0 || !Take('(')) return null;
        JsonObject arguments = [];
        if (Take(')')) return new(name, arguments);
        do
        {
            string key = Name(dotted: false);
            // Python refuses a name given twice, and a value without a name says nothing about where it belongs.
            if (key.Length == 0 || arguments.ContainsKey(key) || !Take('=') || !Value(0, out JsonNode? value)) return null;
            arguments[key] = value;
        }
        while (Take(',') && !Peek(')'));
        return Take(')') ? new(name, arguments) : null;
    }

    private bool Value(int depth, out JsonNode? value)
    {
        value = null;
        Space();
        if (at >= text.Length || depth > MaxDepth) return false;
        switch (text[at])
        {
            case '"' or '\'': return Text(out value);
            case '[': return Items(']', depth, out value);
            case '(': return Items(')', depth, out value);
            case '{': return Dictionary(depth, out value);
            case '-' or '+' or '.' or (>= '0' and <= '9'): return Number(out value);
        }
        string word = Name(dotted: true);
        value = word switch { "True" or "true" => true, "False" or "false" => false, "None" or "null" => null, _ => word };
        return word.Length > 0 && !Peek('('); // a call inside a call is not a literal
    }

    private bool Items(char end, int depth, out JsonNode? value)
    {
        JsonArray items = [];
        value = items;
        at++;
        if (Take(end)) return true;
        do
        {
            if (!Value(depth + 1, out JsonNode? item)) return false;
            items.Add(item);
        }
        while (Take(',') && !Peek(end));
        return Take(end);
    }

    private bool Dictionary(int depth, out JsonNode? value)
    {
        JsonObject fields = [];
        value = fields;
        at++;
        if (Take('}')) return true;
        do
        {
            Space();
            if (at >= text.Length || text[at] is not ('"' or '\'') || !Text(out JsonNode? key) || !Take(':') || !Value(depth + 1, out JsonNode? field)) return false;
            fields[key!.GetValue<string>()] = field; // of a key given twice the last counts, as in Python
        }
        while (Take(',') && !Peek('}'));
        return Take('}');
    }

    private bool Text(out JsonNode? value)
    {
        StringBuilder result = new();
        char quote = text[at++];
        value = null;
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] != '\\')
            {
                result.Append(text[at++]);
                continue;
            }
            if (!Escape(result)) return false;
        }
        if (at >= text.Length) return false;
        at++;
        value = result.ToString();
        return true;
    }

    private bool Escape(StringBuilder result)
    {
        if (++at >= text.Length) return false;
        char c = text[at++];
        int digits = c switch { 'x' => 2, 'u' => 4, _ => 0 };
        if (digits == 0)
        {
            result.Append(c switch { 'n' => "\n", 't' => "\t", 'r' => "\r", '\\' or '\'' or '"' => c.ToString(), _ => "\\" + c });
            return true;
        }
        if (at + digits > text.Length || !ushort.TryParse(text.AsSpan(at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)) return false;
        result.Append((char)code);
        at += digits;
        return true;
    }

    /// <summary>A number keeps its spelling where JSON has that spelling too.</summary>
    private bool Number(out JsonNode? value)
    {
        int start = at;
        if (text[at] is '-' or '+') at++;
        while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '.' or '_' || (text[at] is '-' or '+' && text[at - 1] is 'e' or 'E'))) at++;
        string spelling = text[start..at].Replace("_", "").TrimStart('+');
        value = null;
        if (Schema.JsonText.TryParse(spelling, out value) && value?.GetValueKind() == System.Text.Json.JsonValueKind.Number) return true;
        if (!double.TryParse(spelling, NumberStyles.Float & ~NumberStyles.AllowLeadingWhite & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number) || !double.IsFinite(number)) return false;
        value = number;
        return true;
    }

    private string Name(bool dotted)
    {
        Space();
        int start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] is '_' or '-' || (dotted && text[at] == '.')) && !(at == start && text[at] is '-' or '.')) at++;
        return text[start..at];
    }

    private bool Take(char c)
    {
        if (!Peek(c)) return false;
        at++;
        return true;
    }

    private bool Peek(char c)
    {
        Space();
        return at < text.Length && text[at] == c;
    }

    private void Space()
    {
        while (at < text.Length && char.IsWhiteSpace(text[at])) at++;
    }
}
