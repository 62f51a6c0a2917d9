using Hone.Inference.Caches;

namespace Hone.Tests.Inference.Caches;

/// <summary>A policy whose scores are those of a golden file.</summary>
/// <param name="scores">[L, K, tokens].</param>
/// <param name="tokens">Tokens of the prompt.</param>
internal sealed class RecordedScores(float[] scores, int tokens) : IKvPolicy
{
    public ILayerScorer Scorer(KvLayer layer) => new Recorded(scores, tokens);

    private sealed class Recorded(float[] scores, int tokens) : ILayerScorer
    {
        public void Score(IKvView view, KvTarget target, float[][] own)
        {
            for (int head = 0; head < own.Length; head++)
                scores.AsSpan((view.Layer.Index * view.Layer.KvHeads + head) * tokens, tokens).CopyTo(own[head]);
        }
    }
}
