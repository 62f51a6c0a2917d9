using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;

namespace Hone.Methods.KvCache;

/// <summary>A sample in tokens.</summary>
/// <param name="Sample">Where it came from.</param>
/// <param name="Context">What is compressed.</param>
/// <param name="Question">What is asked after it; the last token at least.</param>
public sealed record KvPrompt(LongContextSample Sample, int[] Context, int[] Question)
{
    // Below this a vocabulary holds words and digits of made-up tasks, and no English.
    private const int SmallVocabulary = 4000;

    /// <summary>All samples of all tasks, in order.</summary>
    public static IReadOnlyList<KvPrompt> All(TextModel model, KvEvaluationOptions options)
    {
        LongContextOptions settings = new()
        {
            Length = options.Length,
            CountTokens = text => model.Tokenizer.Encode(text).Length,
            Wording = options.Wording ?? (model.Model.Config.VocabularySize < SmallVocabulary ? TaskWording.Compact : TaskWording.Full),
        };
        IEnumerable<LongContextSample> samples = LongContextTasks.Parse(options.Tasks.Where(task => task != KvEvaluationOptions.Stream))
            .SelectMany(task => task.Take(settings, options.Seed, options.Samples));
        if (options.Rows is { } path) samples = samples.Concat(KvRows.Read(path, options.Samples));
        return [.. samples.Select(sample => Of(model, sample, options.QueryAware))];
    }

    // Cut apart before they are turned into tokens, so that every question would find the same context.
    private static KvPrompt Of(TextModel model, LongContextSample sample, bool queryAware)
    {
        int[] Later(string text) => model.Tokenizer.Encode(text, addSpecialTokens: false);
        int[] context = model.Tokenizer.Encode(sample.Context);
        if (!queryAware) return new(sample, context, Later(sample.Question + sample.AnswerPrefix));
        int[] question = Later(sample.Question), prefix = Later(sample.AnswerPrefix);
        return prefix.Length > 0 ? new(sample, [.. context, .. question], prefix) : new(sample, [.. context, .. question[..^1]], question[^1..]);
    }
}

/// <summary>Running text in tokens, from a file or made up.</summary>
public static class KvStream
{
    /// <summary>Pieces of running text.</summary>
    /// <param name="model">Whose tokens.</param>
    /// <param name="text">The text; null for made-up sentences.</param>
    /// <param name="options">Length, number, seed.</param>
    /// <exception cref="HoneException">The text is too short.</exception>
    public static IReadOnlyList<int[]> Pieces(TextModel model, string? text, KvEvaluationOptions options)
    {
        if (text is null) return [.. Enumerable.Range(0, options.Samples).Select(i => MadeUp(model, options, i))];
        int[] all = model.Tokenizer.Encode(text, addSpecialTokens: false);
        int pieces = Math.Min(options.Samples, all.Length / options.Length);
        if (pieces == 0) throw new HoneException($"the text has {all.Length} tokens, fewer than one piece of {options.Length}. Give a longer text or a shorter length.");
        return [.. Enumerable.Range(0, pieces).Select(i => all.AsSpan(i * options.Length, options.Length).ToArray())];
    }

    private static int[] MadeUp(TextModel model, KvEvaluationOptions options, int index)
    {
        RandomStream random = new RandomStream(options.Seed, "kv/stream").Derive(index);
        List<int> tokens = [];
        while (tokens.Count < options.Length)
            tokens.AddRange(model.Tokenizer.Encode(string.Join(' ', Enumerable.Range(0, 20).Select(_ => FillerText.Sentence(random))), addSpecialTokens: tokens.Count == 0));
        return [.. tokens.Take(options.Length)];
    }
}
