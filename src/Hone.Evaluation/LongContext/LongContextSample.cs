using Hone.Core;

namespace Hone.Evaluation.LongContext;

/// <summary>A piece of text, by its place.</summary>
/// <param name="Start">First character.</param>
/// <param name="Length">Number of characters.</param>
public readonly record struct TextSpan(int Start, int Length);

/// <summary>
/// A long text, a question about it and what an answer must contain. The text is gone through once, so that several methods
/// (or several questions) share it; the prompt is <c>Context + Question + AnswerPrefix</c>.
/// </summary>
public sealed record LongContextSample
{
    /// <summary>Task, length, seed and index: enough to make the sample again.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the task.</summary>
    public required string Task { get; init; }

    /// <summary>Tokens the whole prompt and its answer may take.</summary>
    public required int Length { get; init; }

    /// <summary>The text with the instruction before it.</summary>
    public required string Context { get; init; }

    /// <summary>The question, which begins with the white space that parts it from the context.</summary>
    public required string Question { get; init; }

    /// <summary>Start of the answer, given to the model.</summary>
    public required string AnswerPrefix { get; init; }

    /// <summary>What the answer has to contain.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>Whether one of <see cref="Answers"/> is enough (question answering) instead of all.</summary>
    public bool AnyAnswer { get; init; }

    /// <summary>Most tokens to generate.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>Where in <see cref="Context"/> the answer stands; empty where it is spread over everything.</summary>
    public IReadOnlyList<TextSpan> Evidence { get; init; } = [];

    /// <summary>Where the first piece of evidence begins, as a share of the context, 0 to 1; NaN without evidence.</summary>
    public double Depth => Evidence.Count == 0 ? double.NaN : (double)Evidence.Min(e => e.Start) / Math.Max(1, Context.Length);

    /// <summary>The whole prompt.</summary>
    public string Prompt => Context + Question + AnswerPrefix;

    /// <summary>Share of the wanted strings that the prediction contains (or 1 when any is enough), 0 to 1.</summary>
    public double Score(string prediction) =>
        (AnyAnswer ? StringMatch.Part(prediction, Answers) : StringMatch.All(prediction, Answers)) / 100;

    /// <summary>The sample as a row with the columns <c>context</c>, <c>question</c>, <c>answer_prefix</c>, <c>answers</c>, <c>max_new_tokens</c>.</summary>
    public Row ToRow() => new(Id, new System.Text.Json.Nodes.JsonObject
    {
        ["id"] = Id,
        ["task"] = Task,
        ["length"] = Length,
        ["context"] = Context,
        ["question"] = Question,
        ["answer_prefix"] = AnswerPrefix,
        ["answers"] = new System.Text.Json.Nodes.JsonArray([.. Answers.Select(a => (System.Text.Json.Nodes.JsonNode)a)]),
        ["max_new_tokens"] = MaxNewTokens,
    }, $"long-context/{Task}");
}
