using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hone.Core.ToolCalls;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Server.Generation;
using Hone.Server.Http;
using Hone.Server.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary><c>POST /v1/chat/completions</c>.</summary>
internal sealed class ChatEndpoint(ServerContext server)
{
    public async Task RunAsync(HttpContext context)
    {
        using Work work = new(server, context.RequestAborted);
        ChatRequest request = ChatRequest.Read(await JsonBody.ReadAsync(context).ConfigureAwait(false), server);
        using Activity? span = Tracing.StartWork("chat", request.Model.Name);
        await work.EnterAsync(request.Model.Chat!.Host.Engine, [request.Generation]).ConfigureAwait(false);
        var (tokens, results) = work.Generate(request.Model.Chat.Host, [request.Generation]);
        IReadOnlyList<GenerationResult> done = request.Streams
            ? await new ChatStream(request, context, tokens, results).RunAsync().ConfigureAwait(false)
            : await AnswerAsync(context, request, results).ConfigureAwait(false);
        span.Usage(request.Generation.Prompt.Count, done.Sum(r => r.Ids.Length));
    }

    private static async Task<IReadOnlyList<GenerationResult>> AnswerAsync(HttpContext context, ChatRequest request, Task<IReadOnlyList<GenerationResult>[]> results)
    {
        IReadOnlyList<GenerationResult> done = (await results.ConfigureAwait(false))[0];
        JsonObject reply = ChatJson.Envelope("chat.completion", request.Model.Name, ChatJson.NewId(), ChatJson.Now);
        reply["choices"] = new JsonArray([.. done.Select(result => (JsonNode)Choice(request, result))]);
        reply["usage"] = ChatJson.Usage(request.Generation.Prompt.Count, done.Sum(r => r.Ids.Length));
        await JsonResponse.WriteAsync(context, reply).ConfigureAwait(false);
        return done;
    }

    private static JsonObject Choice(ChatRequest request, GenerationResult result)
    {
        ReplyReader reader = request.Plan.NewReader();
        string content = reader.Push(result.Text);
        (ToolCallReading reading, string remaining) = reader.Finish(result.Finish != FinishReason.Length);
        content += remaining;
        JsonObject message = new() { ["role"] = "assistant", ["content"] = content.Length == 0 && reading.Calls.Count > 0 ? null : content, ["refusal"] = null };
        if (reading.Reasoning is { Length: > 0 } thought) message["reasoning_content"] = thought;
        if (reading.Calls.Count > 0) message["tool_calls"] = ChatJson.Calls(reading.Calls, withIndex: false);
        return new()
        {
            ["index"] = result.Sample,
            ["message"] = message,
            ["logprobs"] = result.Scores is { } scores
                ? new JsonObject { ["content"] = new JsonArray([.. scores.Select((s, i) => (JsonNode)LogProbJson.Chat(request.Model.Chat!.Tokenizer, result.Ids[i], s))]), ["refusal"] = null }
                : null,
            ["finish_reason"] = ChatJson.Finish(result.Finish, reading.Calls.Count > 0),
        };
    }
}
