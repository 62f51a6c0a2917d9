using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Methods.Tasks;

/// <summary>What a model answered to one row.</summary>
/// <param name="Row">The task.</param>
/// <param name="Output">Generated text.</param>
/// <param name="Score">The checker's judgement.</param>
/// <param name="Tokens">Generated tokens.</param>
/// <param name="Truncated">The answer was cut off at the token limit.</param>
public sealed record TaskAnswer(Row Row, string Output, Score Score, int Tokens, bool Truncated);

/// <summary>Answers to a set of tasks.</summary>
public sealed class TaskResult(IReadOnlyList<TaskAnswer> answers)
{
    public IReadOnlyList<TaskAnswer> Answers => answers;

    /// <summary>Rows answered rightly.</summary>
    public int Right { get; } = answers.Count(a => a.Score.Passes);

    public int Count => answers.Count;

    /// <summary>Share of right answers, 0 to 1.</summary>
    public double Accuracy => Count == 0 ? 0 : (double)Right / Count;

    /// <summary>Right or wrong by row, for paired tests.</summary>
    public bool[] Passes => [.. answers.Select(a => a.Score.Passes)];
}

/// <summary>Asks a model every question of a task set, greedily, and checks the answers.</summary>
public static class TaskEvaluation
{
    /// <summary>Evaluates.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">Task rows with <c>question</c> and <c>answer</c>.</param>
    /// <param name="checker">Judge.</param>
    /// <param name="maxTokens">Most tokens per answer.</param>
    /// <param name="title">Name of the progress bar.</param>
    /// <param name="run">Reporter and cancellation.</param>
    public static TaskResult Run(TextModel model, IReadOnlyList<Row> rows, IChecker checker, int maxTokens, string title, RunContext run)
    {
        TaskAnswer[] answers = new TaskAnswer[rows.Count];
        using IProgressTask progress = run.Reporter.Start(title, rows.Count, "questions");
        foreach (int[] chunk in Enumerable.Range(0, rows.Count).Chunk(64))
        {
            IReadOnlyList<GenerationResult> results = model.Engine.Generate(
                [.. chunk.Select(i => Request(model, rows[i], maxTokens))], cancellation: run.Cancellation);
            for (int i = 0; i < chunk.Length; i++)
            {
                Row row = rows[chunk[i]];
                string text = results[i].Text;
                answers[chunk[i]] = new(row, text, checker.Check(row, text), results[i].Ids.Length, results[i].Finish == FinishReason.Length);
            }
            progress.Advance(chunk.Length);
        }
        return new(answers);
    }

    private static GenerationRequest Request(TextModel model, Row row, int maxTokens) => new()
    {
        Prompt = model.Text.Prompt(row.Text("question")),
        MaxTokens = maxTokens,
        Sampling = SamplingOptions.Greedy,
        StopIds = model.Text.EndIds,
    };
}
