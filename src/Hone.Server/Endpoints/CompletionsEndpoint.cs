using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Hone.Inference;
using Hone.Server.Generation;
using Hone.Server.Http;
using Hone.Server.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary><c>POST /v1/completions</c>.</summary>
internal sealed class CompletionsEndpoint(ServerContext server)
{
    public async Task RunAsync(HttpContext context)
    {
        using Work work = new(server, context.RequestAborted);
        CompletionRequest request = CompletionRequest.Read(await JsonBody.ReadAsync(context).ConfigureAwait(false), server);
        using Activity? span = Tracing.StartWork("text_completion", request.Model.Name);
        await (request.GeneratesNothing ? work.EnterAsync(1) : work.EnterAsync(request.Model.Chat!.Host.Engine, request.Generations)).ConfigureAwait(false);
        IReadOnlyList<TokenScore>?[] echoed = await ScorePromptsAsync(work, request).ConfigureAwait(false);
        if (request.GeneratesNothing)
        {
            JsonObject reply = Reply(request, echoed, null);
            await (request.Streams ? CompletionStream.SendWholeAsync(request, context, reply) : JsonResponse.WriteAsync(context, reply)).ConfigureAwait(false);
            span.Usage(request.Generations.Sum(g => (long)g.Prompt.Count), 0);
            return;
        }
        var (tokens, results) = work.Generate(request.Model.Chat!.Host, request.Generations);
        if (request.Streams)
        {
            await new CompletionStream(request, context, echoed, tokens, results).RunAsync().ConfigureAwait(false);
            return;
        }
        IReadOnlyList<GenerationResult>[] done = await results.ConfigureAwait(false);
        span.Usage(request.Generations.Sum(g => (long)g.Prompt.Count), done.Sum(d => d.Sum(r => r.Ids.Length)));
        await JsonResponse.WriteAsync(context, Reply(request, echoed, done)).ConfigureAwait(false);
    }

    /// <summary>Scores of the prompts where they are echoed with log-probabilities; else nulls.</summary>
    private static async Task<IReadOnlyList<TokenScore>?[]> ScorePromptsAsync(Work work, CompletionRequest request)
    {
        IReadOnlyList<TokenScore>?[] scores = new IReadOnlyList<TokenScore>?[request.Generations.Count];
        if (!request.Echoes || !request.Generations[0].LogProbs) return scores;
        EngineHost host = request.Model.Chat!.Host;
        PromptScorer scorer = new(host.Engine);
        for (int i = 0; i < scores.Length; i++)
        {
            GenerationRequest generation = request.Generations[i];
            scores[i] = await work.RunAsync(host, () => scorer.Score([.. generation.Prompt], generation.TopLogProbs, generation.Adapter)).ConfigureAwait(false);
        }
        return scores;
    }

    private static JsonObject Reply(CompletionRequest request, IReadOnlyList<TokenScore>?[] echoed, IReadOnlyList<GenerationResult>[]? done)
    {
        JsonArray choices = [];
        for (int prompt = 0; prompt < request.Generations.Count; prompt++)
            for (int sample = 0; sample < request.Samples; sample++)
                choices.Add(Choice(request, prompt, sample, echoed[prompt], done?[prompt][sample]));
        JsonObject reply = ChatJson.Envelope("text_completion", request.Model.Name, ChatJson.NewId("cmpl"), ChatJson.Now);
        reply["choices"] = choices;
        reply["usage"] = ChatJson.Usage(request.Generations.Sum(g => (long)g.Prompt.Count), done?.Sum(d => (long)d.Sum(r => r.Ids.Length)) ?? 0);
        return reply;
    }

    private static JsonObject Choice(CompletionRequest request, int prompt, int sample, IReadOnlyList<TokenScore>? echoed, GenerationResult? result)
    {
        GenerationRequest generation = request.Generations[prompt];
        List<(int, TokenScore)> scores = [];
        if (echoed is not null) scores.AddRange(generation.Prompt.Zip(echoed));
        if (result?.Scores is { } own) scores.AddRange(result.Ids.Zip(own));
        string text = (request.Echoes ? request.Texts[prompt] : "") + (result?.Text ?? "");
        return new()
        {
            ["index"] = prompt * request.Samples + sample,
            ["text"] = text,
            ["logprobs"] = generation.LogProbs ? LogProbJson.Completion(request.Model.Chat!.Tokenizer, scores) : null,
            ["finish_reason"] = result is null ? "length" : ChatJson.Finish(result.Finish, calls: false),
        };
    }
}
