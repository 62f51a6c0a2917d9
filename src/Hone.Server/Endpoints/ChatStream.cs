using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hone.Core.ToolCalls;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Server.Generation;
using Hone.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary>A chat reply as events: content as it comes, tool calls whole when they are complete.</summary>
internal sealed class ChatStream(
    ChatRequest request, HttpContext context, ChannelReader<(int Request, TokenEvent Token)> tokens, Task<IReadOnlyList<GenerationResult>[]> results)
{
    private readonly string id = ChatJson.NewId();
    private readonly EventStream events = new(context);
    private readonly ReplyReader[] readers = [.. Enumerable.Range(0, request.Generation.Samples).Select(_ => request.Plan.NewReader())];

    /// <summary>Sends everything.</summary>
    /// <returns>What was generated; empty when it failed on the way, which the client was told.</returns>
    public async Task<IReadOnlyList<GenerationResult>> RunAsync()
    {
        // A request that cannot even begin is an error with a status of its own. The channel ends whatever happens.
        if (!await tokens.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false)) await results.ConfigureAwait(false);
        await events.StartAsync().ConfigureAwait(false);
        try
        {
            for (int i = 0; i < readers.Length; i++) await SendAsync(i, new() { ["role"] = "assistant", ["content"] = "" }).ConfigureAwait(false);
            await foreach ((_, TokenEvent token) in tokens.ReadAllAsync(context.RequestAborted).ConfigureAwait(false)) await TokenAsync(token).ConfigureAwait(false);
            IReadOnlyList<GenerationResult> done = (await results.ConfigureAwait(false))[0];
            if (request.StreamsUsage) await events.SendAsync(Chunk([], ChatJson.Usage(request.Generation.Prompt.Count, done.Sum(r => r.Ids.Length)))).ConfigureAwait(false);
            await events.EndAsync().ConfigureAwait(false);
            return done;
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested && error is ApiException or HoneException)
        {
            await events.SendAsync(ApiErrors.ToJson(ApiErrors.From(error))).ConfigureAwait(false);
            await events.EndAsync().ConfigureAwait(false);
            return [];
        }
    }

    private async Task TokenAsync(TokenEvent token)
    {
        string content = readers[token.Sample].Push(token.Text);
        JsonNode? logProbs = token.Score is { } score
            ? new JsonObject { ["content"] = new JsonArray(LogProbJson.Chat(request.Model.Chat!.Tokenizer, token.Token, score)), ["refusal"] = null } : null;
        if (content.Length > 0 || logProbs is not null) await SendAsync(token.Sample, new() { ["content"] = content }, logProbs).ConfigureAwait(false);
        if (token.Finish is { } finish) await LastAsync(token.Sample, finish).ConfigureAwait(false);
    }

    private async Task LastAsync(int sample, FinishReason finish)
    {
        (ToolCallReading reading, string remaining) = readers[sample].Finish(finish != FinishReason.Length);
        if (reading.Reasoning is { Length: > 0 } thought) await SendAsync(sample, new() { ["reasoning_content"] = thought }).ConfigureAwait(false);
        if (remaining.Length > 0) await SendAsync(sample, new() { ["content"] = remaining }).ConfigureAwait(false);
        if (reading.Calls.Count > 0) await SendAsync(sample, new() { ["tool_calls"] = ChatJson.Calls(reading.Calls, withIndex: true) }).ConfigureAwait(false);
        await SendAsync(sample, [], null, ChatJson.Finish(finish, reading.Calls.Count > 0)).ConfigureAwait(false);
    }

    private Task SendAsync(int sample, JsonObject delta, JsonNode? logProbs = null, string? finish = null) => events.SendAsync(Chunk(
        [new JsonObject { ["index"] = sample, ["delta"] = delta, ["logprobs"] = logProbs, ["finish_reason"] = finish }], null));

    private JsonObject Chunk(JsonArray choices, JsonObject? usage)
    {
        JsonObject chunk = ChatJson.Envelope("chat.completion.chunk", request.Model.Name, id);
        chunk["choices"] = choices;
        if (request.StreamsUsage) chunk["usage"] = usage;
        return chunk;
    }
}
