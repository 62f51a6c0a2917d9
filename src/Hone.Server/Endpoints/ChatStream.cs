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
    private readonly long created = ChatJson.Now;
    private readonly EventFrame?[] frames = new EventFrame?[request.Generation.Samples];
    private readonly ReplyReader[] readers = [.. Enumerable.Range(0, request.Generation.Samples).Select(_ => request.Plan.NewReader())];

    /// <summary>Sends everything.</summary>
    /// <returns>What was generated; empty when it failed on the way, which the client was told.</returns>
    public async Task<IReadOnlyList<GenerationResult>> RunAsync()
    {
        // A request that cannot even begin is an error with a status of its own. The channel ends whatever happens.
        if (!await tokens.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false)) await results.ConfigureAwait(false);
        using EventStream events = new(context);
        await events.StartAsync().ConfigureAwait(false);
        try
        {
            for (int i = 0; i < readers.Length; i++) Add(events, i, new() { ["role"] = "assistant", ["content"] = "" });
            while (await tokens.WaitToReadAsync(context.RequestAborted).ConfigureAwait(false))
            {
                while (tokens.TryRead(out (int Request, TokenEvent Token) next)) Add(events, next.Token);
                await events.FlushAsync().ConfigureAwait(false);
            }
            IReadOnlyList<GenerationResult> done = (await results.ConfigureAwait(false))[0];
            if (request.StreamsUsage) events.Add(Chunk([], ChatJson.Usage(request.Generation.Prompt.Count, done.Sum(r => r.Ids.Length))));
            await events.EndAsync().ConfigureAwait(false);
            return done;
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested && error is ApiException or HoneException)
        {
            events.Add(ApiErrors.ToJson(ApiErrors.From(error)));
            await events.EndAsync().ConfigureAwait(false);
            return [];
        }
    }

    private void Add(EventStream events, TokenEvent token)
    {
        string content = readers[token.Sample].Push(token.Text);
        if (token.Score is { } score)
        {
            JsonObject logProbs = new() { ["content"] = new JsonArray(LogProbJson.Chat(request.Model.Chat!.Tokenizer, token.Token, score)), ["refusal"] = null };
            Add(events, token.Sample, new() { ["content"] = content }, logProbs);
        }
        else if (content.Length > 0)
        {
            events.Add(frames[token.Sample] ??= new(Choice(token.Sample, new() { ["content"] = "" }), "content"), content);
        }
        if (token.Finish is { } finish) AddLast(events, token.Sample, finish);
    }

    private void AddLast(EventStream events, int sample, FinishReason finish)
    {
        (ToolCallReading reading, string remaining) = readers[sample].Finish(finish != FinishReason.Length);
        if (reading.Reasoning is { Length: > 0 } thought) Add(events, sample, new() { ["reasoning_content"] = thought });
        if (remaining.Length > 0) Add(events, sample, new() { ["content"] = remaining });
        if (reading.Calls.Count > 0) Add(events, sample, new() { ["tool_calls"] = ChatJson.Calls(reading.Calls, withIndex: true) });
        Add(events, sample, [], null, ChatJson.Finish(finish, reading.Calls.Count > 0));
    }

    private void Add(EventStream events, int sample, JsonObject delta, JsonNode? logProbs = null, string? finish = null) =>
        events.Add(Choice(sample, delta, logProbs, finish));

    private JsonObject Choice(int sample, JsonObject delta, JsonNode? logProbs = null, string? finish = null) => Chunk(
        [new JsonObject { ["index"] = sample, ["delta"] = delta, ["logprobs"] = logProbs, ["finish_reason"] = finish }], null);

    private JsonObject Chunk(JsonArray choices, JsonObject? usage)
    {
        JsonObject chunk = ChatJson.Envelope("chat.completion.chunk", request.Model.Name, id, created);
        chunk["choices"] = choices;
        if (request.StreamsUsage) chunk["usage"] = usage;
        return chunk;
    }
}
