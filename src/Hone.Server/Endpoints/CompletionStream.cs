using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hone.Inference;
using Hone.Server.Generation;
using Hone.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary>A plain completion as events.</summary>
internal sealed class CompletionStream(
    CompletionRequest request, HttpContext context, IReadOnlyList<TokenScore>?[] echoed,
    ChannelReader<(int Request, TokenEvent Token)> tokens, Task<IReadOnlyList<GenerationResult>[]> results)
{
    private readonly string id = ChatJson.NewId("cmpl");
    private readonly long created = ChatJson.Now;
    private readonly EventFrame?[] frames = new EventFrame?[request.Generations.Count * request.Samples];
    private readonly int[] offsets = new int[request.Generations.Count * request.Samples];

    /// <summary>Sends everything; what fails on the way is told to the client.</summary>
    public async Task RunAsync()
    {
        if (!await tokens.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false)) await results.ConfigureAwait(false);
        using EventStream events = new(context);
        await events.StartAsync().ConfigureAwait(false);
        try
        {
            if (request.Echoes) AddEcho(events);
            while (await tokens.WaitToReadAsync(context.RequestAborted).ConfigureAwait(false))
            {
                while (tokens.TryRead(out (int Request, TokenEvent Token) next)) Add(events, next.Request, next.Token);
                await events.FlushAsync().ConfigureAwait(false);
            }
            IReadOnlyList<GenerationResult>[] done = await results.ConfigureAwait(false);
            if (request.StreamsUsage)
                events.Add(Chunk([], ChatJson.Usage(request.Generations.Sum(g => (long)g.Prompt.Count), done.Sum(d => (long)d.Sum(r => r.Ids.Length)))));
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested && error is ApiException or HoneException)
        {
            events.Add(ApiErrors.ToJson(ApiErrors.From(error)));
        }
        await events.EndAsync().ConfigureAwait(false);
    }

    /// <summary>Sends a reply that was made without generating anything.</summary>
    public static async Task SendWholeAsync(CompletionRequest request, HttpContext context, JsonObject reply)
    {
        using EventStream events = new(context);
        await events.StartAsync().ConfigureAwait(false);
        JsonNode? usage = reply["usage"];
        reply.Remove("usage");
        if (request.StreamsUsage) reply["usage"] = null;
        events.Add(reply);
        if (request.StreamsUsage)
        {
            (reply["choices"], reply["usage"]) = (new JsonArray(), usage);
            events.Add(reply);
        }
        await events.EndAsync().ConfigureAwait(false);
    }

    private void AddEcho(EventStream events)
    {
        for (int prompt = 0; prompt < request.Generations.Count; prompt++)
            for (int sample = 0; sample < request.Samples; sample++)
            {
                IEnumerable<(int, TokenScore)>? scores = echoed[prompt] is { } own ? request.Generations[prompt].Prompt.Zip(own) : null;
                Add(events, prompt * request.Samples + sample, request.Texts[prompt], scores, null);
            }
    }

    private void Add(EventStream events, int prompt, TokenEvent token)
    {
        int index = prompt * request.Samples + token.Sample;
        if (token.Score is { } score) Add(events, index, token.Text, [(token.Token, score)], Finish(token));
        else if (token.Finish is not null) Add(events, index, token.Text, null, Finish(token));
        else if (token.Text.Length > 0) events.Add(frames[index] ??= new(Choice(index, "", null, null), "text"), token.Text);
    }

    private static string? Finish(TokenEvent token) => token.Finish is { } finish ? ChatJson.Finish(finish, calls: false) : null;

    private void Add(EventStream events, int index, string text, IEnumerable<(int, TokenScore)>? scores, string? finish)
    {
        JsonObject? logProbs = scores is null ? null : LogProbJson.Completion(request.Model.Chat!.Tokenizer, scores, offsets[index]);
        offsets[index] += text.Length;
        events.Add(Choice(index, text, logProbs, finish));
    }

    private JsonObject Choice(int index, string text, JsonObject? logProbs, string? finish) =>
        Chunk([new JsonObject { ["index"] = index, ["text"] = text, ["logprobs"] = logProbs, ["finish_reason"] = finish }], null);

    private JsonObject Chunk(JsonArray choices, JsonObject? usage)
    {
        JsonObject chunk = ChatJson.Envelope("text_completion", request.Model.Name, id, created);
        chunk["choices"] = choices;
        if (request.StreamsUsage) chunk["usage"] = usage;
        return chunk;
    }
}
