using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;

namespace Hone.Methods.LtriLlm;

/// <summary>What is done with a text of one's own.</summary>
/// <param name="Folder">Where the stream is saved and taken up again; empty for nowhere.</param>
/// <param name="SaveEvery">Tokens between two saves, at least 1.</param>
/// <param name="Questions">Asked when the text is read, each on a copy.</param>
/// <param name="MaxNewTokens">Most tokens of an answer.</param>
public sealed record TextStreamOptions(string Folder, int SaveEvery, IReadOnlyList<string> Questions, int MaxNewTokens);

/// <summary>What came of a text.</summary>
/// <param name="Tokens">Tokens of the text.</param>
/// <param name="ResumedAt">Tokens that had been read before; 0 for a new stream.</param>
/// <param name="Answers">In the order of the questions.</param>
/// <param name="Attended">Most keys that a question attended to in a layer; 0 without questions.</param>
/// <param name="Spans">Spans of a layer, mean over layers.</param>
/// <param name="Bytes">Bytes of the window, the index and what is kept in memory.</param>
/// <param name="IndexBytes">Bytes of index vectors.</param>
/// <param name="DiskBytes">Bytes on disk.</param>
/// <param name="Seconds">Reading.</param>
public sealed record TextStreamResult(
    int Tokens, int ResumedAt, IReadOnlyList<(string Question, string Answer)> Answers, int Attended, double Spans, long Bytes, long IndexBytes, long DiskBytes, double Seconds)
{
    /// <summary>The figures of <c>--json</c>.</summary>
    public JsonObject ToJson() => new()
    {
        ["tokens"] = Tokens,
        ["resumed_at"] = ResumedAt,
        ["answers"] = new JsonArray([.. Answers.Select(a => new JsonObject { ["question"] = a.Question, ["answer"] = a.Answer })]),
        ["attended_tokens"] = Attended,
        ["spans"] = Spans,
        ["bytes"] = Bytes,
        ["index_bytes"] = IndexBytes,
        ["disk_bytes"] = DiskBytes,
        ["tokens_per_second"] = (Tokens - ResumedAt) / Math.Max(1e-9, Seconds),
    };
}

/// <summary>Reads one's own text as a stream, with what left the window in a folder where it can be taken up again.</summary>
public static class TextStream
{
    private const int Chunk = 256;

    /// <summary>Reads what has not been read, and asks.</summary>
    /// <exception cref="HoneException">An empty text or question, or a folder that holds another stream.</exception>
    public static TextStreamResult Run(TextModel model, LtriOptions settings, string text, TextStreamOptions options, RunContext run)
    {
        int[] tokens = model.Tokenizer.Encode(text);
        if (string.IsNullOrWhiteSpace(text) || tokens.Length == 0) throw new HoneException("the text is empty; there is nothing to read.");
        int[][] questions = [.. options.Questions.Select(question => model.Tokenizer.Encode(question, addSpecialTokens: false))];
        if (Array.FindIndex(questions, q => q.Length == 0) is >= 0 and int empty) throw new HoneException($"question {empty + 1} has no tokens; give at least one.");
        using StreamSession session = options.Folder.Length == 0 ? new(model, settings, Chunk) : new(model, settings, options.Folder, tokens, Chunk);
        int resumed = session.Length;
        System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
        Read(session, tokens, options, run);
        double seconds = clock.Elapsed.TotalSeconds;
        StreamAnswer[] answers = [.. questions.Select(q => session.Ask(q, options.MaxNewTokens, []))];
        return new(
            tokens.Length, resumed, [.. options.Questions.Zip(answers, (q, a) => (q, a.Text))], answers.Select(a => a.Attended).DefaultIfEmpty(0).Max(),
            session.Layers.Average(layer => layer.Spans.Count), session.Bytes, session.IndexBytes, session.DiskBytes, seconds);
    }

    /// <summary>Pieces begin at the same places whether the stream was interrupted or not, so that the numbers are the same too.</summary>
    private static void Read(StreamSession session, int[] tokens, TextStreamOptions options, RunContext run)
    {
        int every = (options.SaveEvery + Chunk - 1) / Chunk * Chunk;
        using IProgressTask progress = run.Reporter.Start("reading", tokens.Length, "tokens");
        progress.Advance(session.Length);
        while (session.Length < tokens.Length)
        {
            int piece = Math.Min(Chunk - session.Length % Chunk, tokens.Length - session.Length);
            session.Read(tokens.AsSpan(session.Length, piece), run.Cancellation);
            progress.Advance(piece);
            if (options.Folder.Length > 0 && (session.Length % every == 0 || session.Length == tokens.Length)) session.Save();
        }
    }
}
