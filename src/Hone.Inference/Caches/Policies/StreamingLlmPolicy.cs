using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="StreamingLlmPolicy"/>.</summary>
public sealed record StreamingLlmOptions
{
    /// <summary>First tokens that are always kept: attention rests on them.</summary>
    [Limits(AtLeast = 0), Unit("tokens")]
    public int Sinks { get; init; } = 4;
}

/// <summary>Keeps the first few tokens and the newest. Xiao et al. 2023, arXiv:2309.17453; with <c>rerotate</c> as in the paper.</summary>
[Component("streaming_llm")]
public sealed class StreamingLlmPolicy(StreamingLlmOptions options) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new RecencyScorer(options.Sinks);
}

/// <summary>Keeps the newest tokens alone.</summary>
[Component("sliding_window")]
public sealed class SlidingWindowPolicy : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new RecencyScorer(0);
}

/// <summary>1 for what is kept, 0 for what lies between the first and the newest tokens.</summary>
internal sealed class RecencyScorer(int sinks) : ILayerScorer
{
    public void Score(IKvView view, KvTarget target, float[][] scores)
    {
        for (int head = 0; head < scores.Length; head++)
        {
            int first = view.SlotsBefore(head, sinks), dropped = Math.Clamp(scores[head].Length - target.Kept, 0, scores[head].Length - first);
            scores[head].AsSpan().Fill(1);
            scores[head].AsSpan(first, dropped).Clear();
        }
    }
}
