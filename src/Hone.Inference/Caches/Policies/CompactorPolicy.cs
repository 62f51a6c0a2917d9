using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="CompactorPolicy"/>.</summary>
public sealed record CompactorOptions : LeverageOptions
{
    /// <summary>First tokens that are always kept.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int First { get; init; } = 8;

    /// <summary>Last tokens that are always kept.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Last { get; init; } = 4;

    /// <summary>Tokens that attend to each other.</summary>
    [Limits(AtLeast = 2), Unit("tokens")]
    public int Chunk { get; init; } = 256;

    /// <summary>Weight of leverage beside attention; left out, the share that is dropped.</summary>
    public double? Blend { get; init; }
}

/// <summary>Leverage and attention without a mask together. Chari and Van Durme 2025, arXiv:2507.08143.</summary>
[Component("compactor")]
public sealed class CompactorPolicy(CompactorOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new CompactorScorer(options, Leverage.RandomSketch(options, layer), new AllQueries());

    public bool WorksWhileDecoding => false;
}

/// <summary>Both scores of the tokens between those that are always kept.</summary>
internal sealed class CompactorScorer(CompactorOptions options, Func<int, float[]> sketch, AllQueries queries) : ILayerScorer
{
    public void Observe(IKvView view, ReadOnlySpan<float> added) => queries.Add(added);

    public void Score(IKvView view, KvTarget target, float[][] scores)
    {
        int tokens = view.Count(0), first = Math.Min(options.First, tokens), last = Math.Min(options.Last, tokens - first), middle = tokens - first - last;
        if (middle < 2)
        {
            foreach (float[] head in scores) Array.Fill(head, 1);
            return;
        }
        double[][] leverage = Leverage.Scores(view, sketch, options.Sketch, first, _ => middle), attention = NonCausalAttention.Scores(view, queries.Span, options.Chunk, first, middle);
        Standard.Scores(leverage);
        Standard.Scores(attention);
        double blend = options.Blend ?? 1 - target.Exact / target.Tokens;
        double[][] blended = [.. leverage.Zip(attention, (l, a) => l.Zip(a, (x, y) => blend * x + y).ToArray())];
        float largest = (float)blended.Max(head => head.Max());
        for (int head = 0; head < scores.Length; head++)
        {
            Array.Fill(scores[head], largest);
            for (int t = 0; t < middle; t++) scores[head][first + t] = (float)blended[head][t];
        }
    }

    public ILayerScorer Fork() => new CompactorScorer(options, sketch, queries.Fork());
}
