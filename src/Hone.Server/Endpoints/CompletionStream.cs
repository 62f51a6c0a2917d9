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
    private readonly EventStream events = new(context);
    private readonly int[] offsets = new int[request.Generations.Count * request.Samples];

    /// <summary>Sends everything; what fails on the way is told to the client.</summary>
    public async Task RunAsync()
    {
        if (!await tokens.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false)) await results.ConfigureAwait(false);
        await events.StartAsync().ConfigureAwait(false);
        try
        {
            if (request.Echoes) await EchoAsync().ConfigureAwait(false);
            await foreach ((int prompt, TokenEvent token) in tokens.ReadAllAsync(context.RequestAborted).ConfigureAwait(false))
                await TokenAsync(prompt, token).ConfigureAwait(false);
            IReadOnlyList<GenerationResult>[] done = await results.ConfigureAwait(false);
            if (request.StreamsUsage)
                await events.SendAsync(Chunk([], ChatJson.Usage(request.Generations.Sum(g => (long)g.Prompt.Count), done.Sum(d => (long)d.Sum(r => r.Ids.Length))))).ConfigureAwait(false);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested && error is ApiException or HoneException)
        {
            await events.SendAsync(ApiErrors.ToJson(ApiErrors.From(error))).ConfigureAwait(false);
        }
        await events.EndAsync().ConfigureAwait(false);
    }

    /// <summary>Sends a reply that was made without generating anything.</summary>
    public static async Task SendWholeAsync(CompletionRequest request, HttpContext context, JsonObject reply)
    {
        EventStream events = new(context);
        await events.StartAsync().ConfigureAwait(false);
        JsonNode? usage = reply["usage"];
        reply.Remove("usage");
        if (request.StreamsUsage) reply["usage"] = null;
        await events.SendAsync(reply).ConfigureAwait(false);
        if (request.StreamsUsage)
        {
            (reply["choices"], reply["usage"]) = (new JsonArray(), usage);
            await events.SendAsync(reply).ConfigureAwait(false);
        }
        await events.EndAsync().ConfigureAwait(false);
    }

    private async Task EchoAsync()
    {
        for (int prompt = 0; prompt < request.Generations.Count; prompt++)
            for (int sample = 0; sample < request.Samples; sample++)
            {
                IEnumerable<(int, TokenScore)>? scores = echoed[prompt] is { } own ? request.Generations[prompt].Prompt.Zip(own) : null;
                await SendAsync(prompt * request.Samples + sample, request.Texts[prompt], scores, null).ConfigureAwait(false);
            }
    }

    private async Task TokenAsync(int prompt, TokenEvent token)
    {
        if (token.Text.Length == 0 && token.Score is null && token.Finish is null) return;
        IEnumerable<(int, TokenScore)>? scores = token.Score is { } score ? [(token.Token, score)] : null;
        await SendAsync(prompt * request.Samples + token.Sample, token.Text, scores, token.Finish is { } finish ? ChatJson.Finish(finish, calls: false) : null).ConfigureAwait(false);
    }

    private Task SendAsync(int index, string text, IEnumerable<(int, TokenScore)>? scores, string? finish)
    {
        JsonObject? logProbs = scores is null ? null : LogProbJson.Completion(request.Model.Chat!.Tokenizer, scores, offsets[index]);
        offsets[index] += text.Length;
        return events.SendAsync(Chunk([new JsonObject { ["index"] = index, ["text"] = text, ["logprobs"] = logProbs, ["finish_reason"] = finish }], null));
    }

    private JsonObject Chunk(JsonArray choices, JsonObject? usage)
    {
        JsonObject chunk = ChatJson.Envelope("text_completion", request.Model.Name, id);
        chunk["choices"] = choices;
        if (request.StreamsUsage) chunk["usage"] = usage;
        return chunk;
    }
}
