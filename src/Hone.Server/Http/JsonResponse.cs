using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Http;

/// <summary>Replies of one JSON object.</summary>
internal static class JsonResponse
{
    public static async Task WriteAsync(HttpContext context, JsonNode json)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(json, Jsonl.Compact), context.RequestAborted).ConfigureAwait(false);
    }
}
