using Hone.Core;

namespace Hone.Models.Formats.Hub;

/// <summary>Tries again what may pass, waiting twice as long each time, or as long as the server asks.</summary>
internal static class HubRetries
{
    /// <summary>Progress that counts as a new start: a large file over a poor line may need many attempts.</summary>
    private const long NewStartBytes = 1 << 20;

    /// <param name="what">Named in messages.</param>
    /// <param name="progress">Bytes that are safe so far.</param>
    /// <param name="attempt">One attempt.</param>
    /// <exception cref="HoneException">All attempts failed, or the server asks to wait too long.</exception>
    public static async Task<T> RunAsync<T>(
        HubOptions options, IReporter reporter, string what, Func<long> progress, Func<Task<T>> attempt, CancellationToken cancellation)
    {
        long reached = progress();
        for (int tries = 1; ; tries++)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (HubRetryException error)
            {
                if (progress() - reached >= NewStartBytes) (tries, reached) = (1, progress());
                if (tries >= options.MaxAttempts)
                    throw new HoneException(
                        $"{what}: {error.Message}; gave up after {tries} attempts. Run the command again to go on from here.", error);
                TimeSpan wait = error.Wait ?? TimeSpan.FromTicks(Math.Min(options.MaxWait.Ticks, options.FirstWait.Ticks << Math.Min(tries - 1, 20)));
                if (wait > options.MaxWait)
                    throw new HoneException($"{what}: {error.Message}; it asks to wait {wait.TotalSeconds:0} s. Try again later.", error);
                reporter.Warn($"{what}: {error.Message}; trying again in {wait.TotalSeconds:0.#} s.");
                await Task.Delay(wait, cancellation).ConfigureAwait(false);
            }
        }
    }
}
