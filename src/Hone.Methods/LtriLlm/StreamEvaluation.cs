using System.Text.Json.Nodes;
using Hone.Core;
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
/// <param name="Spans">Spans stored of a text, mean over texts and layers.</param>
/// <param name="SpanLength">Mean tokens of a span; NaN where none was stored.</param>
/// <param name="FillerShare">Share of the stored tokens that lie in spans without a triangle, 0 to 1; NaN where none was stored.</param>
/// <param name="Tokens">Tokens read.</param>
/// <param name="Seconds">Time.</param>
public sealed record StreamResult(
    int Samples, double Accuracy, double EvidenceRecall, int Attended, double Bytes, double IndexBytes, double Spans, double SpanLength, double FillerShare,
    long Tokens, double Seconds)
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
        ["spans"] = Spans,
        ["span_length"] = double.IsFinite(SpanLength) ? SpanLength : null,
        ["filler_share"] = double.IsFinite(FillerShare) ? FillerShare : null,
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
        SpanCount spans = new();
        using IProgressTask progress = run.Reporter.Start("streaming", samples.Count, "texts");
        System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        foreach (LongContextSample sample in samples)
        {
            StreamTask task = StreamTask.Of(model, sample);
            using StreamSession session = new(model, options);
            session.Read(task.Context, run.Cancellation);
            StreamAnswer answer = session.Ask(task.Question, sample.MaxNewTokens, task.Evidence);
            answers.Add((sample.Score(answer.Text), answer));
            spans.Add(session.Layers);
            (bytes, index, tokens) = (bytes + session.Bytes, index + session.IndexBytes, tokens + task.Context.Length);
            progress.Advance(1, $"{answers.Average(a => a.Score):P0} right");
        }
        if (options.Spans == SpanKind.Triangles && spans.Fillers == spans.Tokens && spans.Tokens > 0)
            run.Reporter.Warn($"no triangle of attention outweighs theta = {options.Theta}: the past was cut evenly. Lower theta.");
        double[] recalls = [.. answers.Select(a => a.Answer.EvidenceRecall).Where(double.IsFinite)];
        return new(answers.Count, answers.Average(a => a.Score), recalls.Length == 0 ? double.NaN : recalls.Average(), answers.Max(a => a.Answer.Attended),
            bytes / answers.Count, index / answers.Count, (double)spans.Spans / Math.Max(1, spans.Layers), (double)spans.Tokens / spans.Spans,
            (double)spans.Fillers / spans.Tokens, tokens, clock.Elapsed.TotalSeconds);
    }

    /// <summary>Sums over texts and layers.</summary>
    private sealed class SpanCount
    {
        public long Layers { get; private set; }

        public long Spans { get; private set; }

        public long Tokens { get; private set; }

        public long Fillers { get; private set; }

        public void Add(IReadOnlyList<StreamingStore> layers)
        {
            Layers += layers.Count;
            foreach (TokenSpan span in layers.SelectMany(layer => layer.Spans))
                (Spans, Tokens, Fillers) = (Spans + 1, Tokens + span.Length, Fillers + (span.Score > 0 ? 0 : span.Length));
        }
    }
}
