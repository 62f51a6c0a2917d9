using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.ToolCalls;

namespace Hone.Inference.Chat;

/// <summary>Makes a model call a tool: the beginning of the call goes to the end of the prompt, the rest follows a schema.</summary>
internal static class ToolCallForm
{
    /// <summary>What stands before and behind the call object in a format.</summary>
    public static (string Opening, string Closing) Frame(ToolCallFormat format) => format switch
    {
        ToolCallFormat.Hermes => ("<tool_call>\n", "\n</tool_call>"),
        ToolCallFormat.Mistral => ("[TOOL_CALLS][", "]"),
        _ => ("", ""),
    };

    /// <summary>The call object: the name of one of the tools, and arguments that meet its schema.</summary>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="tools">Tools on offer.</param>
    /// <param name="name">The only one allowed, or null for any.</param>
    /// <exception cref="HoneException">No such tool.</exception>
    public static ReplyForm Object(ToolCallFormat format, JsonArray tools, string? name) => ReplyForm.JsonSchema(Schema(format, tools, name, strictOnly: false));

    /// <summary>The same as a schema; with <paramref name="strictOnly"/> the arguments of tools that are not strict may be any object.</summary>
    /// <exception cref="HoneException">No such tool.</exception>
    public static JsonNode Schema(ToolCallFormat format, JsonArray tools, string? name, bool strictOnly)
    {
        JsonObject[] functions = [.. tools.Select(tool => tool?["function"]).OfType<JsonObject>()];
        string[] names = [.. functions.Select(f => (string)f["name"]!)];
        if (name is not null && !names.Contains(name)) throw HoneException.Unknown("tool", name, names);
        string key = format == ToolCallFormat.Llama3 ? "parameters" : "arguments";
        JsonNode[] calls = [.. functions.Where(f => name is null || (string)f["name"]! == name).Select(f => Call(f, key, isFree: strictOnly && !IsStrict(f)))];
        return calls.Length == 1 ? calls[0] : new JsonObject { ["anyOf"] = new JsonArray(calls) };
    }

    /// <summary>Whether any tool wants its arguments to meet its schema whenever it is called.</summary>
    public static bool HasStrict(JsonArray tools) => tools.Any(tool => tool?["function"] is JsonObject function && IsStrict(function));

    /// <summary>The tools as a model is told of them: that one is strict is none of its business.</summary>
    public static JsonArray WithoutStrict(JsonArray tools)
    {
        JsonArray copy = (JsonArray)tools.DeepClone();
        foreach (JsonNode? tool in copy) (tool?["function"] as JsonObject)?.Remove("strict");
        return copy;
    }

    private static bool IsStrict(JsonObject function) => function["strict"] is JsonValue value && value.TryGetValue(out bool strict) && strict;

    private static JsonNode Call(JsonObject function, string argumentsKey, bool isFree) => new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject
        {
            ["name"] = new JsonObject { ["const"] = (string)function["name"]! },
            [argumentsKey] = isFree ? new JsonObject { ["type"] = "object" } : Arguments(function["parameters"]),
        },
        ["required"] = new JsonArray("name", argumentsKey),
        ["additionalProperties"] = false,
    };

    /// <summary>Arguments are always an object; a schema that does not say whether more properties are allowed allows none here.</summary>
    private static JsonObject Arguments(JsonNode? schema)
    {
        JsonObject copy = schema?.DeepClone() as JsonObject ?? [];
        if (!copy.ContainsKey("type")) copy["type"] = "object";
        if (!copy.ContainsKey("additionalProperties") && (copy.ContainsKey("properties") || copy.Count == 1)) copy["additionalProperties"] = false;
        return copy;
    }
}
