using Hone.Core;
using Hone.Inference;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;

namespace Hone.Methods.LongContext;

/// <summary>Perplexity of a model on sequences of tokens.</summary>
public static class StreamPerplexity
{
    /// <summary>exp of the mean negative log-likelihood over all tokens but each sequence's first.</summary>
    /// <exception cref="HoneException">No sequence of at least two tokens.</exception>
    public static double Of(LanguageModel model, IReadOnlyList<int[]> sequences, WorkerPool? workers = null)
    {
        double sum = 0;
        long count = 0;
        foreach (float[] scores in new Scorer(model, workers).LogProbs(sequences))
            for (int i = 1; i < scores.Length; i++, count++) sum -= scores[i];
        return count > 0 ? Math.Exp(sum / count) : throw new HoneException("there is no text to measure perplexity on: give sequences of at least two tokens.");
    }
}
