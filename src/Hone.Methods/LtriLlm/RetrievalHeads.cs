using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;

namespace Hone.Methods.LtriLlm;

/// <summary>How often a head looks at the token that comes next.</summary>
/// <param name="Layer">Layer.</param>
/// <param name="Head">Query head.</param>
/// <param name="Score">Mean share of needle tokens that it copies, 0 to 1.</param>
public sealed record HeadScore(int Layer, int Head, double Score)
{
    /// <summary>As <see cref="LtriOptions.Heads"/> has it.</summary>
    public override string ToString() => $"{Layer}.{Head}";
}

/// <summary>
/// Finds the heads that bring text back: those whose strongest look, while a needle is being said, falls on the needle's next token. Wu et
/// al. 2024, arXiv:2404.15574.
/// </summary>
public static class RetrievalHeads
{
    /// <summary>Scores all heads, best first.</summary>
    /// <param name="model">The model.</param>
    /// <param name="samples">Needle tasks whose evidence holds the answer word for word, within the trained length.</param>
    /// <param name="run">Progress and cancellation.</param>
    public static IReadOnlyList<HeadScore> Detect(TextModel model, IReadOnlyList<LongContextSample> samples, RunContext run)
    {
        var config = model.Model.Config;
        double[,] sums = new double[config.Layers, config.Heads];
        using IProgressTask progress = run.Reporter.Start("watching heads", samples.Count, "needles");
        foreach (LongContextSample sample in samples)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            StreamTask task = StreamTask.Of(model, sample);
            using StreamSession session = new(model, new LtriOptions { Spans = SpanKind.None, Window = task.Context.Length + 64, Sinks = 0 });
            session.Read(task.Context, run.Cancellation);
            int[] answer = model.Tokenizer.Encode(task.AnswerText, addSpecialTokens: false);
            int[][][] seen = session.Watch(task.Question, answer);
            for (int t = 0; t < answer.Length; t++)
                for (int l = 0; l < config.Layers; l++)
                    for (int h = 0; h < config.Heads; h++)
                    {
                        int place = seen[t][l][h];
                        if (task.Evidence.Contains(place) && task.Context[place] == answer[t]) sums[l, h] += 1.0 / (answer.Length * samples.Count);
                    }
            progress.Advance(1);
        }
        return [.. Enumerable.Range(0, config.Layers).SelectMany(l => Enumerable.Range(0, config.Heads).Select(h => new HeadScore(l, h, sums[l, h])))
            .OrderByDescending(s => s.Score).ThenBy(s => s.Layer).ThenBy(s => s.Head)];
    }
}

/// <summary>A long-context sample as one model's tokens.</summary>
/// <param name="Context">Tokens of the text.</param>
/// <param name="Question">Tokens of the question and the start of the answer.</param>
/// <param name="AnswerText">Text of the first answer, with the space before it where the start of the answer has none.</param>
/// <param name="Evidence">Places of the evidence's tokens in the context.</param>
public sealed record StreamTask(int[] Context, int[] Question, string AnswerText, IReadOnlySet<int> Evidence)
{
    /// <summary>Tokenises text and question apart.</summary>
    public static StreamTask Of(TextModel model, LongContextSample sample)
    {
        int[] context = model.Tokenizer.Encode(sample.Context);
        int[] question = model.Tokenizer.Encode(sample.Question + sample.AnswerPrefix, addSpecialTokens: false);
        HashSet<int> evidence = [];
        foreach (TextSpan span in sample.Evidence)
        {
            // Tokens before the span are those of the text before it, up to one that reaches over the border.
            int first = model.Tokenizer.Encode(sample.Context[..span.Start]).Length, last = model.Tokenizer.Encode(sample.Context[..(span.Start + span.Length)]).Length;
            for (int t = Math.Max(0, first - 1); t < Math.Min(last, context.Length); t++) evidence.Add(t);
        }
        return new(context, question, sample.AnswerPrefix.EndsWith(' ') ? sample.Answers[0] : " " + sample.Answers[0], evidence);
    }
}
