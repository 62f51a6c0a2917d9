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
    public static ReplyForm Object(ToolCallFormat format, JsonArray tools, string? name)
    {
        JsonObject[] functions = [.. tools.Select(tool => tool?["function"]).OfType<JsonObject>()];
        string[] names = [.. functions.Select(f => (string)f["name"]!)];
        if (name is not null && !names.Contains(name)) throw HoneException.Unknown("tool", name, names);
        string key = format == ToolCallFormat.Llama3 ? "parameters" : "arguments";
        JsonNode[] calls = [.. functions.Where(f => name is null || (string)f["name"]! == name).Select(f => Call(f, key))];
        return ReplyForm.JsonSchema(calls.Length == 1 ? calls[0] : new JsonObject { ["anyOf"] = new JsonArray(calls) });
    }

    private static JsonNode Call(JsonObject function, string argumentsKey) => new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["name"] = new JsonObject { ["const"] = (string)function["name"]! }, [argumentsKey] = Arguments(function["parameters"]) },
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
