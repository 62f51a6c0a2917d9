using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Http;

/// <summary>Reads request bodies: one JSON object of limited size and depth, in UTF-8.</summary>
internal static class JsonBody
{
    /// <summary>Deepest nesting. Chat messages need 6, schemas of tools seldom 20.</summary>
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <exception cref="ApiException">Another content type, not JSON, not an object.</exception>
    public static async Task<JsonFields> ReadAsync(HttpContext context)
    {
        // Browsers send other types across sites without asking; this one they ask for first.
        if (!context.Request.HasJsonContentType())
            throw new ApiException(415, "invalid_request_error", "the body must be JSON with the header Content-Type: application/json.", "unsupported_media_type");
        try
        {
            JsonNode? node = await JsonNode.ParseAsync(context.Request.Body, documentOptions: Strict, cancellationToken: context.RequestAborted).ConfigureAwait(false);
            CheckText(node);
            return node is JsonObject json ? new JsonFields(json) : throw ApiException.BadRequest("the body must be a JSON object.");
        }
        catch (JsonException error)
        {
            string place = error.LineNumber is { } line ? $" at line {line + 1}, byte {error.BytePositionInLine + 1}" : "";
            throw ApiException.BadRequest($"the body is not valid JSON{place} (at most {MaxDepth} levels, no key twice, UTF-8).", code: "invalid_json");
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            // Half a surrogate pair, or a name that occurs twice after unescaping: found only when it is looked at.
            throw ApiException.BadRequest("the body holds a text that is not valid Unicode, or a key twice.", code: "invalid_json");
        }
    }

    private static void CheckText(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach ((_, JsonNode? value) in fields) CheckText(value);
                break;
            case JsonArray items:
                foreach (JsonNode? item in items) CheckText(item);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
        }
    }
}
