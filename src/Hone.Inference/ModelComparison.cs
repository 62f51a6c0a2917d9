using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Inference;

/// <summary>How far one model's next-token distributions are from another's, on the same text.</summary>
/// <param name="Tokens">Positions compared.</param>
/// <param name="ReferencePerplexity">exp of the reference's mean negative log-likelihood.</param>
/// <param name="OtherPerplexity">The same of the other model.</param>
/// <param name="MeanKl">Mean Kullback-Leibler divergence KL(reference ‖ other) over the whole vocabulary, in nats.</param>
/// <param name="LargestKl">The largest over the positions.</param>
/// <param name="SameTop">Share of positions where both put the same token first, 0 to 1.</param>
public sealed record ModelDistance(int Tokens, double ReferencePerplexity, double OtherPerplexity, double MeanKl, double LargestKl, double SameTop);

/// <summary>Compares two models of one vocabulary.</summary>
/// <param name="reference">Model whose distributions count as right.</param>
/// <param name="other">Model that is judged.</param>
/// <param name="workers">Threads; null for all processors.</param>
public sealed class ModelComparison(LanguageModel reference, LanguageModel other, WorkerPool? workers = null)
{
    /// <summary>Goes through sequences of tokens; every position but a sequence's last is compared.</summary>
    /// <param name="sequences">Token ids; keep each short, for tokens × vocabulary numbers are held twice.</param>
    /// <param name="done">Hears of every sequence gone through, by its tokens.</param>
    /// <exception cref="HoneException">Different vocabularies, or no position to compare.</exception>
    public ModelDistance Run(IEnumerable<int[]> sequences, Action<int>? done = null)
    {
        if (reference.Config.VocabularySize != other.Config.VocabularySize)
            throw new HoneException($"the models have vocabularies of {reference.Config.VocabularySize} and {other.Config.VocabularySize} tokens; only models of one vocabulary can be compared.");
        Sums sums = new();
        using Tape first = new(workers, recording: false), second = new(workers, recording: false);
        foreach (int[] sequence in sequences)
        {
            if (sequence.Length < 2) continue;
            int[] input = sequence[..^1];
            ReadOnlySpan<float> a = LogProbs(first, reference, input), b = LogProbs(second, other, input);
            int size = reference.Config.VocabularySize;
            for (int i = 0; i < input.Length; i++) sums.Add(a.Slice(i * size, size), b.Slice(i * size, size), sequence[i + 1]);
            first.Reset();
            second.Reset();
            done?.Invoke(sequence.Length);
        }
        first.Memory.Trim();
        second.Memory.Trim();
        return sums.Result();
    }

    private static ReadOnlySpan<float> LogProbs(Tape tape, LanguageModel model, int[] input) =>
        tape.LogSoftmax(model.Logits(tape, model.Hidden(tape, TokenBatch.Of(input)))).Data;

    private sealed class Sums
    {
        private int count, sameTop;
        private double nllReference, nllOther, kl, largest;

        public void Add(ReadOnlySpan<float> reference, ReadOnlySpan<float> other, int target)
        {
            double divergence = 0;
            (int topReference, int topOther) = (0, 0);
            for (int v = 0; v < reference.Length; v++)
            {
                // Σ p (log p − log q); a token of probability 0 adds nothing
                if (reference[v] > -100) divergence += Math.Exp(reference[v]) * ((double)reference[v] - other[v]);
                if (reference[v] > reference[topReference]) topReference = v;
                if (other[v] > other[topOther]) topOther = v;
            }
            count++;
            if (topReference == topOther) sameTop++;
            nllReference -= reference[target];
            nllOther -= other[target];
            kl += divergence;
            largest = Math.Max(largest, divergence);
        }

        public ModelDistance Result() => count == 0
            ? throw new HoneException("there is no text to compare on: give at least two tokens.")
            : new(count, Math.Exp(nllReference / count), Math.Exp(nllOther / count), Math.Max(0, kl / count), largest, (double)sameTop / count);
    }
}
