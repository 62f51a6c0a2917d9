namespace Hone.Server.Http;

/// <summary>A request that is refused or cannot be finished, in the terms of OpenAI's errors.</summary>
/// <param name="status">HTTP status.</param>
/// <param name="type">Kind of error.</param>
/// <param name="message">One or two sentences for the caller.</param>
/// <param name="code">Code that programs look at; null for none.</param>
/// <param name="param">The field that is wrong; null for none.</param>
internal sealed class ApiException(int status, string type, string message, string? code = null, string? param = null) : Exception(message)
{
    public int Status => status;

    public string Type => type;

    public string? Code => code;

    public string? Param => param;

    /// <summary>Seconds after which to try again; null where that is no help.</summary>
    public int? RetryAfter { get; init; }

    public static ApiException BadRequest(string message, string? param = null, string? code = null) => new(400, "invalid_request_error", message, code, param);

    public static ApiException NotFound(string message, string code, string? param = null) => new(404, "invalid_request_error", message, code, param);

    public static ApiException TooBusy(int waiting) =>
        new(429, "rate_limit_error", $"the server is busy: {waiting} requests wait already. Try again later.", "rate_limit_exceeded") { RetryAfter = 2 };

    public static ApiException Stopping() => new(503, "server_error", "the server is stopping.", "server_stopping") { RetryAfter = 5 };

    public static ApiException TimedOut(TimeSpan limit) => new(504, "server_error", $"the request took longer than {limit.TotalSeconds:0} s.", "timeout");

    /// <summary>Text of a request for a message: not too long.</summary>
    public static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";
}
