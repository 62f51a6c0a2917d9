using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Agents.Chat;

/// <summary>Requests and replies as JSON, for the cache and recordings. What differs by chance (ids, times) is left out of requests.</summary>
internal static class RequestRecord
{
    /// <summary>A request in full: everything that can change the reply.</summary>
    public static JsonObject Describe(string endpoint, IEnumerable<ChatMessage> messages, ChatOptions? options) => new()
    {
        ["endpoint"] = endpoint,
        ["messages"] = new JsonArray([.. messages.Select(Describe)]),
        ["options"] = options is null ? null : DescribeOptions(options),
    };

    /// <summary>SHA-256 of a request, in hexadecimal.</summary>
    public static string Key(JsonObject request) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.ToJsonString(Jsonl.Compact))));

    public static JsonNode ToJson(ChatResponse response) => JsonSerializer.SerializeToNode(response, AIJsonUtilities.DefaultOptions)!;

    /// <summary>Reads a stored reply.</summary>
    /// <exception cref="HoneException">It is not one.</exception>
    public static ChatResponse ToResponse(JsonNode? json, string source)
    {
        try
        {
            if (json is JsonObject && json.Deserialize<ChatResponse>(AIJsonUtilities.DefaultOptions) is { } response) return response;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new HoneException($"{source}: not a stored reply: {error.Message}", error);
        }
        throw new HoneException($"{source}: holds no reply.");
    }

    private static JsonNode Describe(ChatMessage message)
    {
        JsonObject json = new()
        {
            ["role"] = message.Role.Value,
            ["contents"] = new JsonArray([.. message.Contents.Select(c => JsonSerializer.SerializeToNode(c, AIJsonUtilities.DefaultOptions))]),
        };
        if (message.AuthorName is { } author) json["author"] = author;
        return json;
    }

    private static JsonNode DescribeOptions(ChatOptions options)
    {
        JsonObject json = (JsonObject)JsonSerializer.SerializeToNode(options, AIJsonUtilities.DefaultOptions)!;
        if (options.Tools is { Count: > 0 } tools)
            json["tools"] = new JsonArray([.. tools.Select(tool => (JsonNode)new JsonObject
            {
                ["name"] = tool.Name,
                ["description"] = tool.Description,
                ["parameters"] = tool is AIFunctionDeclaration function ? JsonNode.Parse(function.JsonSchema.GetRawText()) : null,
            })]);
        return json;
    }
}
