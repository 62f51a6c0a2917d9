using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Embedding;
using Hone.Server.Generation;
using Hone.Server.Http;
using Hone.Server.Telemetry;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary><c>POST /v1/embeddings</c>.</summary>
internal sealed class EmbeddingsEndpoint(ServerContext server)
{
    private const int MaxTexts = 2048;

    /// <summary>Texts of one pass, so that other requests get their turn between.</summary>
    private const int TextsAtOnce = 16;

    public async Task RunAsync(HttpContext context)
    {
        using Work work = new(server, context.RequestAborted);
        JsonFields fields = await JsonBody.ReadAsync(context).ConfigureAwait(false);
        ServedModel model = server.Models.Embedding(fields.Text("model"));
        Embedder embedder = model.Embedder!;
        if (fields.Int("dimensions", 1, int.MaxValue) is { } wanted && wanted != embedder.Size)
            throw ApiException.BadRequest($"'dimensions' is {wanted}; this model makes vectors of {embedder.Size} numbers.", "dimensions");
        bool isBase64 = fields.Text("encoding_format") switch
        {
            null or "float" => false,
            "base64" => true,
            _ => throw fields.Wrong("encoding_format", "float or base64"),
        };
        int[][] ids = [.. PromptField.Items(fields, "input", MaxTexts).Select(item => item as int[] ?? embedder.Tokenize((string)item))];
        foreach (int[] sequence in ids)
        {
            if (sequence.Length == 0) throw ApiException.BadRequest("'input' holds a text without tokens, which has no vector.", "input");
            embedder.Check(sequence);
        }
        long tokens = ids.Sum(i => (long)i.Length);
        using Activity? span = Tracing.StartWork("embeddings", model.Name);
        await work.EnterAsync(1).ConfigureAwait(false);
        List<float[]> vectors = [];
        foreach (int[][] part in ids.Chunk(TextsAtOnce)) vectors.AddRange(await EmbedAsync(work, model, part).ConfigureAwait(false));
        span.Usage(tokens, 0);
        server.Metrics.PromptTokens.Inc(tokens);
        await JsonResponse.WriteAsync(context, new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. vectors.Select((vector, i) => (JsonNode)new JsonObject { ["object"] = "embedding", ["index"] = i, ["embedding"] = Vector(vector, isBase64) })]),
            ["model"] = model.Name,
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        }).ConfigureAwait(false);
    }

    /// <summary>A decoder embeds on its engine's thread; a model of its own takes turns with itself.</summary>
    private async Task<IReadOnlyList<float[]>> EmbedAsync(Work work, ServedModel model, int[][] ids)
    {
        if (model.Chat is { Host: { } host })
            return await work.RunAsync(host, () =>
            {
                host.Engine.Options.Adapters?.UseBase();
                return model.Embedder!.EmbedIds(ids);
            }).ConfigureAwait(false);
        return await work.Guard(async () =>
        {
            await server.Embedding.WaitAsync(work.Stop).ConfigureAwait(false);
            try
            {
                return await Task.Run(() => model.Embedder!.EmbedIds(ids)).ConfigureAwait(false);
            }
            finally
            {
                server.Embedding.Release();
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Numbers, or their 32-bit little-endian bytes.</summary>
    private static JsonNode Vector(float[] vector, bool isBase64) =>
        isBase64 ? Convert.ToBase64String(MemoryMarshal.AsBytes(vector.AsSpan())) : new JsonArray([.. vector.Select(v => (JsonNode)v)]);
}
