using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="PyramidAllocator"/>.</summary>
public record PyramidOptions
{
    /// <summary>The last layer keeps 1/β of the mean.</summary>
    [Limits(AtLeast = 1)]
    public double Beta { get; init; } = 20;

    /// <summary>Last tokens that every layer keeps; with fewer in the smallest layer all layers get the same.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Window { get; init; } = 32;

    /// <summary>Whether a layer's number includes the window (as in kvpress), or the window comes on top of it (as in the paper's code).</summary>
    public bool WindowInside { get; init; } = true;
}

/// <summary>Budgets that fall linearly with depth. Cai et al. 2024, arXiv:2406.02069.</summary>
[Component("pyramid")]
public sealed class PyramidAllocator(PyramidOptions options) : IKvAllocator
{
    public KvSelection Select(KvScores scores, KvTarget target)
    {
        int[] kept = options.WindowInside
            ? Inside(scores.Layers, target.Tokens, target.Exact, options)
            : [.. OnTop(scores.Layers, target.Tokens, target.Kept, options).Select(k => Math.Min(target.Tokens, k + options.Window))];
        return KvSelection.Best(scores, (layer, _) => kept[layer]);
    }

    /// <summary>Slots of each layer, the window included.</summary>
    /// <param name="layers">L.</param>
    /// <param name="tokens">N.</param>
    /// <param name="exact">Slots per layer on average.</param>
    /// <param name="options">β, window.</param>
    public static int[] Inside(int layers, int tokens, double exact, PyramidOptions options)
    {
        double least = exact / options.Beta, most = 2 * exact - least;
        if (most >= tokens - options.Window) (most, least) = (tokens - options.Window, 2 * exact - (tokens - options.Window));
        bool isPyramid = tokens >= most && most >= least && least >= options.Window && layers > 1;
        double step = isPyramid ? (most - least) / (layers - 1) : 0, start = isPyramid ? most : exact;
        return [.. Enumerable.Range(0, layers).Select(layer => Math.Clamp((int)Math.Round(start - layer * step, MidpointRounding.ToEven), 1, tokens))];
    }

    /// <summary>Slots of each layer besides the window; they sum to L · (kept - window), parts handed out to the largest remainders.</summary>
    /// <param name="layers">L.</param>
    /// <param name="tokens">N.</param>
    /// <param name="kept">Slots per layer on average, the window included.</param>
    /// <param name="options">β, window.</param>
    public static int[] OnTop(int layers, int tokens, int kept, PyramidOptions options)
    {
        double selected = Math.Max(0, kept - options.Window), least = selected / options.Beta, most = 2 * selected - least;
        if (most >= tokens - options.Window) (most, least) = (tokens - options.Window, 2 * selected - (tokens - options.Window));
        double step = layers > 1 ? (most - least) / (layers - 1) : 0;
        double[] exact = [.. Enumerable.Range(0, layers).Select(layer => layers > 1 ? most - layer * step : selected)];
        return LargestRemainder.Round(exact, (int)Math.Round(exact.Sum()));
    }
}

/// <summary>Shares that sum to a whole number, rounded so that they still do.</summary>
public static class LargestRemainder
{
    /// <summary>Rounds down, then adds one to those that lost most, the earlier first, until the sum is reached.</summary>
    public static int[] Round(ReadOnlySpan<double> exact, int sum)
    {
        double[] shares = exact.ToArray();
        int[] rounded = [.. shares.Select(share => (int)Math.Floor(share + 1e-9))];
        int[] order = [.. Enumerable.Range(0, shares.Length).OrderByDescending(i => Math.Round(shares[i] - rounded[i], 9)).ThenBy(i => i)];
        for (int left = sum - rounded.Sum(), i = 0; left > 0; left--, i = (i + 1) % order.Length) rounded[order[i]]++;
        return rounded;
    }
}
