using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Methods.TinyLm;

/// <summary>Asks a model long-context questions with the full cache, greedily.</summary>
public static class RecallEvaluation
{
    private const int AtOnce = 8; // caches of so many long prompts are held at a time

    /// <summary>Settings of a length for a model, in the compact wording.</summary>
    public static LongContextOptions Options(TextModel model, int length) => new()
    {
        Length = length,
        Wording = TaskWording.Compact,
        CountTokens = text => model.Tokenizer.Encode(text).Length,
    };

    /// <summary>Mean score over samples of a task, 0 to 1.</summary>
    public static double Score(TextModel model, string task, int length, int count, long seed, RunContext run)
    {
        IReadOnlyList<LongContextSample> samples = LongContextTasks.Named(task).Take(Options(model, length), seed, count);
        double sum = 0;
        foreach (LongContextSample[] chunk in samples.Chunk(AtOnce))
        {
            IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. chunk.Select(s => Request(model, s))], cancellation: run.Cancellation);
            sum += chunk.Zip(results, (sample, result) => sample.Score(result.Text)).Sum();
        }
        return sum / samples.Count;
    }

    private static GenerationRequest Request(TextModel model, LongContextSample sample) => new()
    {
        // Tokenised apart, as where many questions share one compressed context.
        Prompt = [.. model.Tokenizer.Encode(sample.Context), .. model.Tokenizer.Encode(sample.Question + sample.AnswerPrefix, addSpecialTokens: false)],
        MaxTokens = sample.MaxNewTokens,
        Sampling = SamplingOptions.Greedy,
        StopIds = [],
    };
}
