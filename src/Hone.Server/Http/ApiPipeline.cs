using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hone.Server.Http;

/// <summary>What every request goes through: a name of this machine, a key, and errors in the API's form.</summary>
internal sealed partial class ApiPipeline(ServerOptions options, ILogger<ApiPipeline> log)
{
    private readonly ApiKeys keys = new(options.ApiKeys);
    private readonly bool isLocal = IPAddress.IsLoopback(options.Address);

    public async Task RunAsync(HttpContext context, Func<Task> next)
    {
        try
        {
            // A page elsewhere can have its own name point here; it must not be answered as if it were a local one.
            if (isLocal && !IsLocalName(context.Request.Host.Host)) throw new ApiException(403, "invalid_request_error", "this server answers to localhost only.", "wrong_host");
            if (!IsOpen(context.Request.Path)) keys.Check(context.Request);
            await next().ConfigureAwait(false);
            if (context.Response is { HasStarted: false, StatusCode: 404 }) throw ApiException.NotFound("there is no such address here.", "unknown_url");
            if (context.Response is { HasStarted: false, StatusCode: 405 }) throw new ApiException(405, "invalid_request_error", $"{ApiException.Shorten(context.Request.Method)} is not possible here.", "method_not_allowed");
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client hung up: nobody is there to be told.
        }
#pragma warning disable CA1031 // the last place where anything is caught
        catch (Exception error)
        {
            ApiException answer = ApiErrors.From(error);
            if (answer.Status == 500) LogBug(log, error, context.Request.Path);
            if (!context.Response.HasStarted) await ApiErrors.WriteAsync(context, answer).ConfigureAwait(false);
            else context.Abort();
        }
#pragma warning restore CA1031
    }

    /// <summary>Asked by monitors and browsers that have no key yet; they tell nothing.</summary>
    private static bool IsOpen(PathString path) => path == "/health" || path == "/" || path == "/page.js" || path == "/page.css";

    private static bool IsLocalName(string host) =>
        host is "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    [LoggerMessage(Level = LogLevel.Error, Message = "a request to {Path} failed")]
    private static partial void LogBug(ILogger logger, Exception error, string path);
}
