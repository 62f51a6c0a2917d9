using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hone.Server.Http;

/// <summary>
/// A reply of server-sent events, one JSON object each. Events are gathered until <see cref="FlushAsync"/>: what came together leaves together,
/// with one call of the system.
/// </summary>
internal sealed class EventStream(HttpContext context) : IDisposable
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = Jsonl.Compact.Encoder, SkipValidation = true };
    private readonly Utf8JsonWriter json = new(context.Response.BodyWriter, Writing);

    private PipeWriter Body => context.Response.BodyWriter;

    /// <summary>Sends the headers; errors from here on are events.</summary>
    public async Task StartAsync()
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Adds an event.</summary>
    public void Add(JsonNode node)
    {
        Body.Write("data: "u8);
        json.Reset();
        node.WriteTo(json, Jsonl.Compact);
        json.Flush();
        Body.Write("\n\n"u8);
    }

    /// <summary>Adds an event of which only a text is new.</summary>
    public void Add(EventFrame frame, string text)
    {
        Body.Write(frame.Before);
        json.Reset();
        json.WriteStringValue(text);
        json.Flush();
        Body.Write(frame.After);
    }

    /// <summary>Sends what was added; waits while the client does not read.</summary>
    public async Task FlushAsync() => await Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);

    /// <summary>Sends what was added, and the mark that nothing more comes.</summary>
    public Task EndAsync()
    {
        Body.Write("data: [DONE]\n\n"u8);
        return FlushAsync();
    }

    public void Dispose() => json.Dispose();
}
