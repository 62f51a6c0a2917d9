using System.Diagnostics;
using System.Numerics.Tensors;
using Hone.Inference;
using Hone.Models.Decoder;

namespace Hone.Methods.KvCache;

/// <summary>What came of a prompt.</summary>
/// <param name="Score">0 to 1.</param>
/// <param name="Prediction">The answer.</param>
/// <param name="Memory">The cache when the context was gone through and compressed.</param>
public readonly record struct KvAnswer(double Score, string Prediction, KvMemory Memory);

/// <summary>Goes through prompts with one kind of cache.</summary>
/// <param name="model">The model.</param>
/// <param name="newCache">Makes an empty cache; null for exact pages.</param>
public sealed class KvRunner(TextModel model, Func<LanguageModel, IKvCache>? newCache)
{
    /// <summary>Answers a question greedily. Ends where everything wanted has been said: more words could not change the score.</summary>
    public KvAnswer Answer(KvPrompt prompt)
    {
        using CachedSequence sequence = Begin(prompt.Context);
        KvMemory memory = sequence.Cache.Memory;
        float[] logits = [];
        foreach (int token in prompt.Question) logits = sequence.Feed(token);
        List<int> answer = [];
        while (answer.Count < prompt.Sample.MaxNewTokens)
        {
            int token = TensorPrimitives.IndexOfMax<float>(logits);
            if (model.Engine.EndIds.Contains(token)) break;
            answer.Add(token);
            if (prompt.Sample.Score(model.Tokenizer.Decode([.. answer])) >= 1) break;
            logits = sequence.Feed(token);
        }
        string text = model.Tokenizer.Decode([.. answer]);
        return new(prompt.Sample.Score(text), text, memory);
    }

    /// <summary>Logits after each of the last tokens of a text, the others compressed.</summary>
    /// <param name="tokens">The text.</param>
    /// <param name="compared">How many tokens at its end are read with what is left of the others.</param>
    /// <param name="atOnce">Reads them in one pass, which is faster: for caches that neither drop nor round anything after the prompt.</param>
    /// <param name="onLogits">Given the index of the token that follows, and the logits.</param>
    public KvMemory Continue(int[] tokens, int compared, bool atOnce, Action<int, float[]> onLogits)
    {
        int context = tokens.Length - compared;
        using CachedSequence sequence = Begin(tokens[..context]);
        KvMemory memory = sequence.Cache.Memory;
        if (atOnce) sequence.Feed(tokens.AsSpan(context, compared - 1), (i, logits) => onLogits(context + i + 1, logits.ToArray()));
        else
            for (int i = context; i < tokens.Length - 1; i++) onLogits(i + 1, sequence.Feed(tokens[i]));
        return memory;
    }

    /// <summary>A sequence whose context is gone through and compressed.</summary>
    public CachedSequence Begin(int[] context)
    {
        CachedSequence sequence = new(model.Model, newCache?.Invoke(model.Model), model.Workers);
        sequence.Feed(context);
        sequence.EndPrompt();
        return sequence;
    }
}

/// <summary>Decoding speed of two caches, measured in turns so that both see the same machine.</summary>
public static class KvSpeed
{
    private const int Rounds = 5;

    /// <summary>Median tokens per second of each, after one round to warm up.</summary>
    /// <param name="sequences">With their contexts.</param>
    /// <param name="tokens">Tokens in a round.</param>
    public static double[] Measure(IReadOnlyList<CachedSequence> sequences, int tokens)
    {
        List<double>[] seconds = [.. sequences.Select(_ => new List<double>())];
        for (int round = 0; round <= Rounds; round++)
            for (int s = 0; s < sequences.Count; s++)
            {
                long start = Stopwatch.GetTimestamp();
                for (int t = 0; t < tokens; t++) sequences[s].Feed(t + 1);
                if (round > 0) seconds[s].Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }
        return [.. seconds.Select(list => tokens / list.Order().ElementAt(list.Count / 2))];
    }
}
