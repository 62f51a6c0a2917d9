using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Statistics;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Tasks;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("eval", "Ask a model every question of a data set and count the right answers.")]
internal sealed class EvalCommand : CliCommand
{
    private readonly ModelOptions model = new();
    private readonly DataOptions data = new("Rows with question and answer: .jsonl, .json, .csv or .tsv. Left out: the built-in word problems.", isRequired: false);
    private readonly Option<string?> check = CliOptions.Text("--check", $"Judge: {string.Join(", ", CheckerRegistry.Names)}. Left out: chosen from the rows.", "NAME");
    private readonly Option<int> maxTokens = CliOptions.Number("--max-tokens", "Most tokens of an answer.", 256, 1, int.MaxValue);
    private readonly Option<int?> limit = CliOptions.OptionalNumber("--limit", "Ask only the first N questions [built-in problems: 300].", 1, int.MaxValue);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. data.All, check, maxTokens, limit];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError | SharedOptions.Threads;

    public override string Details =>
        """
        Answers are greedy, so the figure is the same each time. It comes with Wilson's 95 % interval. A model with a chat
        template is asked through it, any other gets the question and a line end. --out receives one line per question:
        question, answer, output, score, reason, tokens and whether the output was cut off at --max-tokens.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("eval --model models/seed", "the built-in word problems"),
        new("eval --model model.gguf --data svamp.json --map question=Body,Question --map answer=Answer --json", "a published set with other column names"),
        new("eval --model model.gguf --data spam.tsv --check choice --adapter runs/lora/adapter --out answers.jsonl", "with an adapter, every answer kept"),
    ];

    private sealed record EvalTask(string Name, IReadOnlyList<Row> Rows, CheckerChoice Choice, Dataset? Data);

    public override Task<int> RunAsync(CommandRun run)
    {
        EvalTask task = ReadTask(run);
        run.Reporter.Line(task.Choice.Reason + ".");
        using WorkerPool workers = new(run.Threads);
        TextModel loaded = model.Open(run, workers);
        Stopwatch clock = Stopwatch.StartNew();
        TaskResult result = TaskEvaluation.Run(loaded, task.Rows, task.Choice.Checker, run.Get(maxTokens), "evaluating", new RunContext("", 0, run.Reporter, run.Cancellation));
        if (run.Out is { } path) Jsonl.Write(path, result.Answers.Select(Line));
        JsonObject json = ToJson(run, task, result, clock.Elapsed.TotalSeconds);
        if (run.IsJson) run.WriteJson(json);
        else Print(run, result, json);
        return Task.FromResult(CliApp.Done);
    }

    private EvalTask ReadTask(CommandRun run)
    {
        Dataset? dataset = data.Path(run) is null ? null : data.Load(run, run.OnError);
        if (dataset is { Kind: not RowKind.Task })
            throw new HoneException($"{dataset.Path}: rows of kind {dataset.Kind} have no reference answer to check against. Expected question and answer (--map names the columns); 'hone score' gives the perplexity of texts.");
        IReadOnlyList<Row> rows = dataset is null
            ? WordProblems.Take(ProblemSplit.HeldOut, 0, run.Get(limit) ?? 300)
            : [.. dataset.Rows.Take(run.Get(limit) ?? int.MaxValue)];
        // The judge is chosen from all rows, so that a limit does not change it.
        CheckerChoice choice = run.Get(check) is { } name
            ? new(CheckerRegistry.Create(name, dataset?.Rows ?? rows), $"checker '{name}': asked for")
            : CheckerRegistry.Choose(dataset?.Rows ?? rows);
        return new(dataset is null ? "built-in word problems" : Path.GetFileName(dataset.Path), rows, choice, dataset);
    }

    private JsonObject ToJson(CommandRun run, EvalTask task, TaskResult result, double seconds)
    {
        Interval interval = Proportions.Wilson(result.Right, result.Count);
        int tokens = result.Answers.Sum(a => a.Tokens);
        return new()
        {
            ["accuracy"] = result.Accuracy,
            ["low"] = interval.Low,
            ["high"] = interval.High,
            ["level"] = interval.Level,
            ["right"] = result.Right,
            ["wrong"] = result.Count - result.Right,
            ["count"] = result.Count,
            ["cannot_judge"] = result.Answers.Count(a => a.Score.Value is null),
            ["truncated"] = result.Answers.Count(a => a.Truncated),
            ["rows_left_out"] = task.Data?.Skipped ?? 0,
            ["task"] = task.Name,
            ["checker"] = task.Choice.Checker.Name,
            ["checker_reason"] = task.Choice.Reason,
            ["model"] = model.Name(run),
            ["data_sha256"] = task.Data?.Sha256,
            ["tokens"] = tokens,
            ["seconds"] = Math.Round(seconds, 3),
            ["out"] = run.Out,
        };
    }

    private static void Print(CommandRun run, TaskResult result, JsonObject json)
    {
        run.Output.WriteLine($"{result.Accuracy:P1} right ({result.Right} of {result.Count}; 95 %: {(double)json["low"]!:P1} to {(double)json["high"]!:P1})");
        if ((int)json["cannot_judge"]! is > 0 and int open) run.Output.WriteLine($"{open} could not be judged and count as wrong");
        if ((int)json["truncated"]! is > 0 and int cut) run.Output.WriteLine($"{cut} answers were cut off at the token limit (--max-tokens)");
        if (run.Out is not null) run.Output.WriteLine($"answers in {run.Out}");
    }

    private static JsonObject Line(TaskAnswer answer) => new()
    {
        ["id"] = answer.Row.Id,
        ["question"] = answer.Row.Text("question"),
        ["answer"] = answer.Row.OptionalText("answer"),
        ["output"] = answer.Output,
        ["score"] = answer.Score.Value,
        ["reason"] = answer.Score.Reason,
        ["tokens"] = answer.Tokens,
        ["truncated"] = answer.Truncated,
    };
}
