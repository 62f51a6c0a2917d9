using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Hone.Server.Http;

/// <summary>Errors as OpenAI's clients read them.</summary>
internal static class ApiErrors
{
    public static JsonObject ToJson(ApiException error) => new()
    {
        ["error"] = new JsonObject { ["message"] = error.Message, ["type"] = error.Type, ["param"] = error.Param, ["code"] = error.Code },
    };

    /// <summary>What a failure means to the caller; bugs say no more than that.</summary>
    public static ApiException From(Exception error) => error switch
    {
        ApiException known => known,
        HoneException problem => ApiException.BadRequest(problem.Message),
        BadHttpRequestException { StatusCode: 413 } => new ApiException(413, "invalid_request_error", "the request is too large.", "request_too_large"),
        BadHttpRequestException bad => new ApiException(bad.StatusCode is >= 400 and < 500 ? bad.StatusCode : 400, "invalid_request_error", "the request cannot be read."),
        OutOfMemoryException => new ApiException(503, "server_error", "not enough memory for this request.", "out_of_memory"),
        _ => new ApiException(500, "server_error", "an error inside the server; its log has more.", "internal_error"),
    };

    public static async Task WriteAsync(HttpContext context, ApiException error)
    {
        context.Response.StatusCode = error.Status;
        if (error.RetryAfter is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (error.Status == 401) context.Response.Headers.WWWAuthenticate = "Bearer";
        await JsonResponse.WriteAsync(context, ToJson(error)).ConfigureAwait(false);
    }
}
