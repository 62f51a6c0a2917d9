using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Microsoft.Extensions.AI;

namespace Hone.Inference.Chat;

/// <summary>Puts messages, tools and options of Microsoft.Extensions.AI into the form chat templates expect.</summary>
internal static class ChatMessages
{
    /// <summary>The request.</summary>
    /// <exception cref="HoneException">Content other than text and tool calls, or no messages.</exception>
    public static ChatAsk ToAsk(IEnumerable<ChatMessage> messages, ChatOptions? options, IChatClient client)
    {
        JsonArray list = [];
        if (options?.Instructions is { Length: > 0 } instructions) list.Add(new JsonObject { ["role"] = "system", ["content"] = instructions });
        foreach (ChatMessage message in messages) AddMessage(list, message);
        if (list.Count == 0) throw new HoneException("there are no messages. Give at least one.");
        return new ChatAsk(list)
        {
            Tools = Tools(options),
            ToolChoice = Choice(options?.ToolMode),
            ParallelCalls = options?.AllowMultipleToolCalls ?? true,
            Form = options?.RawRepresentationFactory?.Invoke(client) as ReplyForm ?? Form(options?.ResponseFormat),
        };
    }

    private static ToolChoice Choice(ChatToolMode? mode) => mode switch
    {
        NoneChatToolMode => new ToolChoice(ToolMode.None),
        RequiredChatToolMode { RequiredFunctionName: { } name } => new ToolChoice(ToolMode.Named, name),
        RequiredChatToolMode => new ToolChoice(ToolMode.Required),
        _ => new ToolChoice(ToolMode.Auto),
    };

    /// <summary>
    /// Objects get no fields that their schema does not name unless it says so, as Microsoft's clients of OpenAI ask for: the schema of a type
    /// names what can be read, and a small model that may go on inventing fields does.
    /// </summary>
    private static readonly AIJsonSchemaTransformOptions Closed = new() { DisallowAdditionalProperties = true };

    private static ReplyForm? Form(ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } => ReplyForm.JsonSchema(JsonNode.Parse(AIJsonUtilities.TransformSchema(schema, Closed).GetRawText())),
        ChatResponseFormatJson => ReplyForm.JsonObject,
        _ => null,
    };

    private static void AddMessage(JsonArray list, ChatMessage message)
    {
        if (message.Contents.FirstOrDefault(c => c is not (TextContent or FunctionCallContent or FunctionResultContent or TextReasoningContent or UsageContent)) is { } other)
            throw new HoneException($"a message holds {other.GetType().Name}; this model reads text only.");
        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
            list.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = ResultText(result.Result) });
        JsonArray calls = [.. message.Contents.OfType<FunctionCallContent>().Select(Call)];
        if (message.Text.Length == 0 && calls.Count == 0 && message.Contents.Count > 0) return;
        JsonObject entry = new() { ["role"] = message.Role.Value, ["content"] = message.Text };
        if (calls.Count > 0) entry["tool_calls"] = calls;
        list.Add(entry);
    }

    private static JsonNode Call(FunctionCallContent call) => new JsonObject
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = JsonSerializer.SerializeToNode(call.Arguments ?? new Dictionary<string, object?>(), AIJsonUtilities.DefaultOptions),
        },
    };

    private static string ResultText(object? result) =>
        result as string ?? JsonSerializer.Serialize(result, AIJsonUtilities.DefaultOptions);

    private static JsonArray? Tools(ChatOptions? options)
    {
        if (options?.Tools is not { Count: > 0 } tools) return null;
        return [.. tools.OfType<AIFunctionDeclaration>().Select(Tool)];
    }

    private static JsonNode Tool(AIFunctionDeclaration tool)
    {
        JsonObject function = new()
        {
            ["name"] = tool.Name,
            ["description"] = tool.Description,
            ["parameters"] = JsonNode.Parse(tool.JsonSchema.GetRawText()),
        };
        if (tool.AdditionalProperties.TryGetValue("strict", out object? strict) && strict is true) function["strict"] = true; // as clients of OpenAI say it
        return new JsonObject { ["type"] = "function", ["function"] = function };
    }
}
