namespace Hone.Core.ToolCalls;

/// <summary>How a family of models writes tool calls.</summary>
public enum ToolCallFormat
{
    /// <summary><c>&lt;tool_call&gt;{"name": …, "arguments": {…}}&lt;/tool_call&gt;</c>, any number, with text around: Hermes, Qwen2.5, Qwen3.</summary>
    Hermes,

    /// <summary>The whole reply is <c>{"name": …, "parameters": {…}}</c>, several separated by semicolons or lines: Llama 3.</summary>
    Llama3,

    /// <summary><c>[TOOL_CALLS][{"name": …, "arguments": {…}, "id": …}]</c>: Mistral up to tokenizer version 7.</summary>
    Mistral,

    /// <summary>The whole reply is one call object or a list of them, in a code block or bare.</summary>
    PlainJson,

    /// <summary>The whole reply is <c>name(argument="value", …)</c> or a list of such calls, in Python's syntax: BFCL, TL-Training.</summary>
    Python,
}

/// <summary>Reads tool calls out of replies, strictly: what is not a call in the format is content or counted as malformed.</summary>
public static class ToolCallParser
{
    /// <summary>Reads a reply.</summary>
    public static ToolCallReading Read(string reply, ToolCallFormat format) => format switch
    {
        ToolCallFormat.Hermes => HermesCalls.Read(reply),
        ToolCallFormat.Llama3 => Llama3Calls.Read(reply),
        ToolCallFormat.Mistral => MistralCalls.Read(reply),
        ToolCallFormat.Python => PythonCalls.Read(reply),
        _ => PlainJsonCalls.Read(reply),
    };

    /// <summary>The format a chat template teaches its model, by the marks in it; null when it shows none.</summary>
    public static ToolCallFormat? Detect(string chatTemplate) =>
        chatTemplate.Contains("<tool_call>", StringComparison.Ordinal) ? ToolCallFormat.Hermes
        : chatTemplate.Contains("[TOOL_CALLS]", StringComparison.Ordinal) ? ToolCallFormat.Mistral
        : chatTemplate.Contains("<|python_tag|>", StringComparison.Ordinal) || chatTemplate.Contains("<|eom_id|>", StringComparison.Ordinal) ? ToolCallFormat.Llama3
        : null;
}
