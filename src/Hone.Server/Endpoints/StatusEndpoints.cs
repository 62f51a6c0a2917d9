using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Endpoints;

/// <summary>What the server tells of itself: <c>/v1/models</c>, <c>/health</c>, <c>/status</c>, <c>/metrics</c>.</summary>
internal sealed class StatusEndpoints(ServerContext server)
{
    private readonly long started = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    public Task ModelsAsync(HttpContext context) => JsonResponse.WriteAsync(context, new JsonObject
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. server.Models.All.Select(m => (JsonNode)Describe(m))]),
    });

    public Task ModelAsync(HttpContext context)
    {
        string name = (string?)context.Request.RouteValues["name"] ?? "";
        return server.Models.TryFind(name, out ServedModel model)
            ? JsonResponse.WriteAsync(context, Describe(model))
            : throw ApiException.NotFound($"there is no model '{ApiException.Shorten(name)}' here.", "model_not_found", "model");
    }

    public Task HealthAsync(HttpContext context)
    {
        if (server.Lifetime.IsStopping) throw ApiException.Stopping();
        return JsonResponse.WriteAsync(context, new JsonObject { ["status"] = "ok" });
    }

    public Task StatusAsync(HttpContext context)
    {
        EngineStatus engine = server.Engine ?? new EngineStatus(0, 0, 0, 0, 0, 0, 0);
        return JsonResponse.WriteAsync(context, new JsonObject
        {
            ["requests_inside"] = server.Admission.Inside,
            ["requests_waiting"] = server.Admission.Waiting,
            ["sequences_active"] = engine.Active,
            ["cache_bytes"] = engine.CacheBytes,
            ["cache_bytes_promised"] = server.Admission.Bytes,
            ["prefix_tokens"] = engine.PrefixTokens,
            ["prefix_reused_tokens"] = engine.ReusedTokens,
            ["steps"] = engine.Steps,
            ["generated_tokens"] = engine.GeneratedTokens,
        });
    }

    public Task MetricsAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return server.Metrics.WriteAsync(context.Response.Body, context.RequestAborted);
    }

    private JsonObject Describe(ServedModel model)
    {
        JsonObject json = new() { ["id"] = model.Name, ["object"] = "model", ["created"] = started, ["owned_by"] = "hone" };
        if (model.Chat is not null) json["max_model_len"] = server.MaxContext(model);
        if (model.Parent is not null) json["parent"] = model.Parent;
        return json;
    }
}
