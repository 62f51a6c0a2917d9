using Hone.Tensors.Threads;

namespace Hone.Tensors.Kernels.Quantized;

/// <summary>
/// Remembers in which order a model's matrices are multiplied by single rows, which is the same for every token, and tells waiting workers
/// which part of the next one will be theirs. A wrong guess costs a little memory traffic and changes no result.
/// </summary>
internal static unsafe class WeightOrder
{
    // A share of the second-level cache that leaves room for what the job in between needs.
    private const long MostBytes = 256 * 1024;

    [ThreadStatic]
    private static WeakReference<PanelStore>? last;

    /// <summary>Some matrices are about to be multiplied by one row.</summary>
    public static void Announce(WorkerPool workers, ReadOnlySpan<PanelStore> now)
    {
        if (workers.Threads == 1) return;
        if (last is not null && last.TryGetTarget(out PanelStore? before) && !(before.Followers is { } known && now.SequenceEqual(known))) before.Followers = now.ToArray();
        last = now[^1].Weak;
        if (now[^1].Followers is not { } next) return;
        int all = 0;
        foreach (PanelStore store in next) all += store.Panels;
        for (int worker = 1; worker < workers.Threads; worker++)
        {
            int panel = (int)((long)all * worker / workers.Threads), at = 0;
            while (panel >= next[at].Panels) panel -= next[at++].Panels;
            (nint start, long bytes) = next[at].From(panel);
            workers.FetchAhead(worker, (byte*)start, Math.Min(bytes, MostBytes));
        }
    }
}
