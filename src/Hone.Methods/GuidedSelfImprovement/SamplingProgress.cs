using Hone.Core;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>Two bars for one sampling: the unguided pass, whose length is known, then the redraws, whose number depends on how they go.</summary>
internal sealed class SamplingProgress(IReporter reporter, int round, long unguided) : IDisposable
{
    private IProgressTask bar = reporter.Start($"round {round}: sampling", unguided, "draws");
    private long done;
    private bool isRedrawing;

    public void Advance(int draws)
    {
        if (draws == 0) return;
        if (done >= unguided && !isRedrawing)
        {
            isRedrawing = true;
            bar.Dispose();
            bar = reporter.Start($"round {round}: redraws with hints", 0, "draws");
        }
        done += draws;
        bar.Advance(draws);
    }

    public void Dispose() => bar.Dispose();
}
