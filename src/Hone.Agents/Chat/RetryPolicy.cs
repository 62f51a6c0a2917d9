using System.ClientModel.Primitives;
using System.Globalization;

namespace Hone.Agents.Chat;

/// <summary>
/// When to try again, and when: as long as a server asks (Retry-After in seconds or as a date, retry-after-ms), otherwise 0.5 s,
/// 1 s, 2 s ... with up to a quarter more, so that many callers do not come back at once.
/// </summary>
internal sealed class RetryPolicy(ChatEndpointOptions options) : ClientRetryPolicy(options.MaxRetries)
{
    private const double FirstWait = 0.5;

    protected override bool ShouldRetry(PipelineMessage message, Exception? exception) =>
        IsWorthAnother(message, exception) ?? base.ShouldRetry(message, exception);

    protected override async ValueTask<bool> ShouldRetryAsync(PipelineMessage message, Exception? exception) =>
        IsWorthAnother(message, exception) ?? await base.ShouldRetryAsync(message, exception).ConfigureAwait(false);

    protected override TimeSpan GetNextDelay(PipelineMessage message, int tryCount) =>
        RetryAfter(message.Response) ?? Backoff(tryCount);

    protected override Task WaitAsync(TimeSpan time, CancellationToken cancellationToken) =>
        options.Wait?.Invoke(time) ?? base.WaitAsync(time, cancellationToken);

    /// <summary>False where another try cannot help, null where the library decides.</summary>
    private bool? IsWorthAnother(PipelineMessage message, Exception? exception)
    {
        if (message.CancellationToken.IsCancellationRequested) return false;
        if (message.Response is not { } response || exception is not null) return null;
        if (RetryAfter(response) is { } wait && wait.TotalSeconds > options.MaxRetryWait) return false;
        // An empty account answers 429 too, for ever.
        return response.Status == 429 && response.BufferContent().ToString().Contains("insufficient_quota", StringComparison.Ordinal) ? false : null;
    }

    private TimeSpan Backoff(int tryCount)
    {
        double wait = FirstWait * Math.Pow(2, Math.Min(tryCount - 1, 20)) * (1 + System.Random.Shared.NextDouble() / 4);
        return TimeSpan.FromSeconds(Math.Min(wait, options.MaxRetryWait));
    }

    internal static TimeSpan? RetryAfter(PipelineResponse? response)
    {
        if (response is null) return null;
        if (response.Headers.TryGetValue("retry-after-ms", out string? ms) && double.TryParse(ms, CultureInfo.InvariantCulture, out double milliseconds) && milliseconds >= 0)
            return TimeSpan.FromMilliseconds(Math.Min(milliseconds, int.MaxValue));
        if (!response.Headers.TryGetValue("Retry-After", out string? text)) return null;
        if (double.TryParse(text, CultureInfo.InvariantCulture, out double seconds)) return seconds >= 0 ? TimeSpan.FromSeconds(Math.Min(seconds, int.MaxValue)) : null;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out DateTimeOffset date)) return null;
        TimeSpan left = date - DateTimeOffset.UtcNow;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
