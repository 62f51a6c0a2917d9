using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Inference.Chat;
using Hone.Server.Http;

namespace Hone.Server.Generation;

/// <summary>The fields <c>tools</c> and <c>tool_choice</c>.</summary>
internal static partial class ToolFields
{
    private const int MaxTools = 128;

    public static JsonArray? Tools(JsonFields fields)
    {
        if (fields.List("tools", MaxTools) is not { Count: > 0 } tools) return null;
        return [.. tools.Select((tool, i) => (JsonNode)Tool(tool, $"tools[{i}]"))];
    }

    public static ToolChoice Choice(JsonFields fields, JsonArray? tools)
    {
        switch (fields.Json["tool_choice"])
        {
            case null: return new ToolChoice(ToolMode.Auto);
            case JsonValue value when value.TryGetValue(out string? mode):
                return mode switch
                {
                    "auto" => new ToolChoice(ToolMode.Auto),
                    "none" => new ToolChoice(ToolMode.None),
                    "required" when tools is not null => new ToolChoice(ToolMode.Required),
                    "required" => throw ApiException.BadRequest("'tool_choice' asks for a call, but there are no tools.", "tool_choice"),
                    _ => throw fields.Wrong("tool_choice", "none, auto, required or an object that names a function"),
                };
            case JsonObject json when json["function"] is JsonObject function:
                string name = new JsonFields(function, "tool_choice.function.").Text("name") ?? throw fields.Wrong("tool_choice", "an object that names a function");
                if (tools?.Any(t => (string?)t!["function"]!["name"] == name) != true) throw ApiException.BadRequest($"'tool_choice' names '{ApiException.Shorten(name)}', which is none of the tools.", "tool_choice");
                return new ToolChoice(ToolMode.Named, name);
            default: throw fields.Wrong("tool_choice", "none, auto, required or an object that names a function");
        }
    }

    private static JsonObject Tool(JsonNode? node, string place)
    {
        if (node is not JsonObject json || new JsonFields(json, place + ".").Text("type") != "function" || json["function"] is not JsonObject function)
            throw ApiException.BadRequest($"'{place}' must be a tool of type function.", place);
        JsonFields fields = new(function, place + ".function.");
        string name = fields.Text("name") ?? throw fields.Wrong("name", "text");
        if (!Name().IsMatch(name)) throw ApiException.BadRequest($"'{place}.function.name' must be 1 to 64 letters, digits, '_' or '-'.", place);
        fields.Text("description");
        fields.Object("parameters");
        fields.Flag("strict");
        return (JsonObject)json.DeepClone();
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}\\z")]
    private static partial Regex Name();
}
