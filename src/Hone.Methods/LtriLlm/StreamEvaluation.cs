using Hone.Core;
using System.Text.Json.Nodes;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;

namespace Hone.Methods.LtriLlm;

/// <summary>How a way of streaming did.</summary>
/// <param name="Samples">Questions.</param>
/// <param name="Accuracy">Mean score, 0 to 1.</param>
/// <param name="EvidenceRecall">Mean share of evidence tokens within reach when the answer began, 0 to 1.</param>
/// <param name="Attended">Most keys that a question attended to in a layer.</param>
/// <param name="Bytes">Mean bytes held at the end of a text.</param>
/// <param name="IndexBytes">Mean bytes of index vectors.</param>
/// <param name="Tokens">Tokens read.</param>
/// <param name="Seconds">Time.</param>
public sealed record StreamResult(
    int Samples, double Accuracy, double EvidenceRecall, int Attended, double Bytes, double IndexBytes, long Tokens, double Seconds)
{
    /// <summary>The figures of <c>--json</c>.</summary>
    public JsonObject ToJson() => new()
    {
        ["samples"] = Samples,
        ["quality"] = Accuracy,
        ["evidence_recall"] = double.IsFinite(EvidenceRecall) ? EvidenceRecall : null,
        ["attended_tokens"] = Attended,
        ["bytes"] = Bytes,
        ["index_bytes"] = IndexBytes,
        ["tokens"] = Tokens,
        ["tokens_per_second"] = Tokens / Math.Max(1e-9, Seconds),
    };
}

/// <summary>Streams of any length with exact recall of what left the window, without training.</summary>
[Method("ltri-llm", Stage = "kv-cache",
    Paper = "Ltri-LLM: Streaming Long Context Inference for LLMs with Training-Free Dynamic Triangular Attention Pattern",
    ArXiv = "2412.04757", Command = "hone kv stream")]
public static class StreamEvaluation
{
    /// <summary>Reads each sample's text as a stream and asks its question.</summary>
    public static StreamResult Run(TextModel model, LtriOptions options, IReadOnlyList<LongContextSample> samples, RunContext run)
    {
        List<(double Score, StreamAnswer Answer)> answers = [];
        double bytes = 0, index = 0;
        long tokens = 0;
        using IProgressTask progress = run.Reporter.Start("streaming", samples.Count, "texts");
        System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (LongContextSample sample in samples)
        {
            StreamTask task = StreamTask.Of(model, sample);
            using StreamSession session = new(model, options);
            session.Read(task.Context, run.Cancellation);
            StreamAnswer answer = session.Ask(task.Question, sample.MaxNewTokens, task.Evidence);
            answers.Add((sample.Score(answer.Text), answer));
            (bytes, index, tokens) = (bytes + session.Bytes, index + session.IndexBytes, tokens + task.Context.Length);
            progress.Advance(1, $"{answers.Average(a => a.Score):P0} right");
        }
        double[] recalls = [.. answers.Select(a => a.Answer.EvidenceRecall).Where(double.IsFinite)];
        return new(answers.Count, answers.Average(a => a.Score), recalls.Length == 0 ? double.NaN : recalls.Average(), answers.Max(a => a.Answer.Attended),
            bytes / answers.Count, index / answers.Count, tokens, clock.Elapsed.TotalSeconds);
    }
}
