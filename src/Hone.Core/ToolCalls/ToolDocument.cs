using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Core.ToolCalls;

/// <summary>An argument of a tool.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Declared type, <c>any</c> where none is declared.</param>
/// <param name="Description">What it means; may be empty.</param>
/// <param name="IsRequired">Whether a call has to give it.</param>
public sealed record ToolParameter(string Name, string Type, string Description, bool IsRequired);

/// <summary>What a model is told of a tool.</summary>
/// <param name="Name">Its name; never empty.</param>
/// <param name="Description">What it does; may be empty.</param>
/// <param name="Parameters">Arguments in the order declared; none for a tool that takes nothing.</param>
public sealed record ToolDocument(string Name, string Description, IReadOnlyList<ToolParameter> Parameters)
{
    /// <summary>
    /// Reads a list of tools: OpenAI's <c>{"type": "function", "function": {…}}</c>, the bare <c>{"name", "description", "parameters"}</c> of
    /// BFCL and of most data sets, or MCP's <c>inputSchema</c>; as JSON or as text that holds JSON.
    /// </summary>
    /// <param name="node">The list; null or empty for no tools.</param>
    /// <exception cref="HoneException">Not such a list, a tool without a name, or two of one name.</exception>
    public static IReadOnlyList<ToolDocument> ReadAll(JsonNode? node)
    {
        if (node is JsonValue text && text.GetValueKind() == JsonValueKind.String)
        {
            string json = text.GetValue<string>();
            if (json.AsSpan().Trim().Length == 0) return [];
            if (!JsonText.TryParse(json, out node)) throw new HoneException("field 'tools' is text, but not JSON; expected a list of tools.");
        }
        if (node is null) return [];
        if (node is not JsonArray list) throw new HoneException($"field 'tools' is {Kind(node)}; expected a list of tools.");
        List<ToolDocument> tools = [];
        for (int i = 0; i < list.Count; i++)
        {
            ToolDocument tool = Read(list[i], i);
            if (tools.Exists(t => t.Name == tool.Name)) throw new HoneException($"two tools are called '{tool.Name}': a call could mean either.");
            tools.Add(tool);
        }
        return tools;
    }

    /// <summary>The argument of that name, or null.</summary>
    public ToolParameter? Find(string parameter) => Parameters.FirstOrDefault(p => p.Name == parameter);

    /// <summary>As OpenAI's form without the outer wrapper.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["description"] = Description,
        ["parameters"] = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(Parameters.Select(p => KeyValuePair.Create(p.Name, (JsonNode?)Property(p)))),
            ["required"] = new JsonArray([.. Parameters.Where(p => p.IsRequired).Select(p => (JsonNode)p.Name)]),
        },
    };

    private static JsonObject Property(ToolParameter p)
    {
        JsonObject property = p.Type == "any" ? [] : new() { ["type"] = p.Type };
        if (p.Description.Length > 0) property["description"] = p.Description;
        return property;
    }

    private static ToolDocument Read(JsonNode? node, int index)
    {
        JsonObject? tool = (node as JsonObject)?["function"] as JsonObject ?? node as JsonObject;
        if (TextOf(tool?["name"]) is not { Length: > 0 } name) throw new HoneException($"tools[{index}] has no name; expected {{\"name\", \"description\", \"parameters\"}}.");
        JsonObject? schema = (tool!["parameters"] ?? tool["inputSchema"]) as JsonObject;
        HashSet<string> required = [.. (schema?["required"] as JsonArray ?? []).Select(TextOf).OfType<string>()];
        return new(name, TextOf(tool["description"]) ?? "", [.. (schema?["properties"] as JsonObject ?? []).Select(p =>
            new ToolParameter(p.Key, TypeOf((p.Value as JsonObject)?["type"]), TextOf((p.Value as JsonObject)?["description"]) ?? "", required.Contains(p.Key)))]);
    }

    private static string TypeOf(JsonNode? type) => type switch
    {
        JsonArray { Count: > 0 } several => string.Join(" or ", several.Select(TextOf).OfType<string>()),
        _ => TextOf(type) ?? "any",
    };

    private static string Kind(JsonNode node) => node.GetValueKind().ToString().ToLowerInvariant();

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
