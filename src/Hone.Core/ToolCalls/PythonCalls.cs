using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.ToolCalls;

/// <summary>Calls in Python's syntax: the whole reply is <c>name(argument="value")</c> or a list of such calls.</summary>
public static class PythonCalls
{
    /// <summary>Reads a reply. Text around makes it content; a reply that begins like a call and is none counts as malformed.</summary>
    public static ToolCallReading Read(string reply)
    {
        string text = reply.Trim();
        if (PythonReader.Read(text) is { } calls) return new(calls, "");
        return new([], text, LooksLikeCall(text) ? 1 : 0);
    }

    /// <summary>A call as it would be typed: texts in double quotes, arguments in their order.</summary>
    public static string Write(ToolCall call)
    {
        StringBuilder text = new(call.Name);
        text.Append('(');
        string separator = "";
        foreach ((string name, JsonNode? value) in call.Arguments)
        {
            text.Append(separator).Append(name).Append('=');
            Append(text, value);
            separator = ", ";
        }
        return text.Append(')').ToString();
    }

    /// <summary>
    /// A tool as a Python function without a body: what it takes, required arguments first, and what it and they mean.
    /// </summary>
    public static string Stub(ToolDocument tool)
    {
        IEnumerable<ToolParameter> ordered = tool.Parameters.Where(p => p.IsRequired).Concat(tool.Parameters.Where(p => !p.IsRequired));
        string arguments = string.Join(", ", ordered.Select(p => $"{p.Name}: {p.Type}{(p.IsRequired ? "" : " = None")}"));
        StringBuilder text = new($"def {tool.Name}({arguments}):\n    \"\"\"{tool.Description}");
        if (tool.Parameters.Count > 0) text.Append("\n\n    Args:");
        foreach (ToolParameter p in ordered) text.Append($"\n        {p.Name} ({p.Type}): {p.Description}".TrimEnd());
        return text.Append(tool.Parameters.Count > 0 ? "\n    \"\"\"" : "\"\"\"").ToString();
    }

    private static bool LooksLikeCall(string text)
    {
        int open = text.AsSpan().IndexOf('(');
        return open > 0 && text.AsSpan(0, open).TrimStart('[').IndexOfAny(" \n\t") < 0;
    }

    private static void Append(StringBuilder text, JsonNode? value)
    {
        switch (value)
        {
            case null: text.Append("None"); break;
            case JsonArray list: Join(text, '[', list, (t, item) => Append(t, item), ']'); break;
            case JsonObject fields:
                Join(text, '{', fields, (t, field) =>
                {
                    Quote(t, field.Key);
                    t.Append(": ");
                    Append(t, field.Value);
                }, '}');
                break;
            default: Scalar(text, value); break;
        }
    }

    private static void Join<T>(StringBuilder text, char open, IEnumerable<T> items, Action<StringBuilder, T> append, char close)
    {
        text.Append(open);
        bool isFirst = true;
        foreach (T item in items)
        {
            if (!isFirst) text.Append(", ");
            append(text, item);
            isFirst = false;
        }
        text.Append(close);
    }

    private static void Scalar(StringBuilder text, JsonNode value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.String: Quote(text, value.GetValue<string>()); break;
            case JsonValueKind.True: text.Append("True"); break;
            case JsonValueKind.False: text.Append("False"); break;
            default: text.Append(value.ToJsonString()); break;
        }
    }

    private static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (char c in value)
            text.Append(c switch { '"' => "\\\"", '\\' => "\\\\", '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", _ => c.ToString() });
        text.Append('"');
    }
}
