using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hone.Server.Http;

/// <summary>A reply of server-sent events, one JSON object each.</summary>
internal sealed class EventStream(HttpContext context)
{
    private static readonly byte[] Begin = "data: "u8.ToArray(), End = "\n\n"u8.ToArray(), Done = "data: [DONE]\n\n"u8.ToArray();

    /// <summary>Sends the headers; errors from here on are events.</summary>
    public async Task StartAsync()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sends one event; waits while the client does not read.</summary>
    public async Task SendAsync(JsonNode json)
    {
        Stream body = context.Response.Body;
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(json, Jsonl.Compact);
        byte[] line = new byte[Begin.Length + text.Length + End.Length];
        Begin.CopyTo(line, 0);
        text.CopyTo(line, Begin.Length);
        End.CopyTo(line, Begin.Length + text.Length);
        await body.WriteAsync(line, context.RequestAborted).ConfigureAwait(false);
        await body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>The mark that nothing more comes.</summary>
    public async Task EndAsync()
    {
        await context.Response.Body.WriteAsync(Done, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
