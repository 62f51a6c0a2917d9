using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Cli.Output;
using Hone.Inference;
using Hone.Models.Loading;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("score", "Log-probabilities of given texts under a model.")]
internal sealed class ScoreCommand : CliCommand
{
    private const int TokensPerPass = 2048;

    private readonly ModelOptions model = new(Precision.Fp32);

    private readonly Option<string?> data = CliOptions.Text("--data", "JSON Lines with text, prompt and completion, or ids.", "FILE", isRequired: true);

    public override IEnumerable<Symbol> Symbols => [.. model.All, data];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError | SharedOptions.Threads;

    public override string Details =>
        """
        Each row becomes {"ids":[...],"logprobs":[null,...]}: the natural logarithm of each token's probability given all
        tokens before it, computed in fp32. The first token has none, hence the null. Rows of prompt and completion get
        prompt_tokens too, the number of ids that belong to the prompt. Text is encoded as the tokenizer does it, with its
        special tokens. A model without a tokenizer scores rows of ids. Without --out the rows are printed.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("score --model model.gguf --data texts.jsonl --out scores.jsonl", "every row scored"),
        new("score --model org/name --data pairs.jsonl --adapter runs/lora/adapter --json", "only the mean and the perplexity, with a LoRA adapter on"),
    ];

    private sealed class Totals
    {
        public int Rows, Tokens, Scored;
        public double Sum;

        public double? MeanNll => Scored == 0 ? null : -Sum / Scored;
    }

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        LoadedModel loaded = model.Load(run, workers);
        Totals totals = new();
        RowOutput.Write(run, Results(run, loaded, new Scorer(loaded.Model, workers, TokensPerPass), totals));
        JsonObject summary = new()
        {
            ["rows"] = totals.Rows,
            ["tokens"] = totals.Tokens,
            ["scored_tokens"] = totals.Scored,
            ["mean_nll"] = totals.MeanNll,
            ["perplexity"] = totals.MeanNll is { } nll && double.IsFinite(Math.Exp(nll)) ? Math.Exp(nll) : null,
            ["out"] = run.Out,
        };
        if (run.IsJson) run.WriteJson(summary);
        else run.Reporter.Line($"{totals.Rows} rows, {totals.Tokens} tokens, perplexity {(totals.MeanNll is { } mean ? Math.Exp(mean).ToString("0.###") : "unknown")}{(run.Out is null ? "" : $", written to {run.Out}")}.");
        return Task.FromResult(CliApp.Done);
    }

    private IEnumerable<JsonNode> Results(CommandRun run, LoadedModel loaded, Scorer scorer, Totals totals)
    {
        using IProgressTask progress = run.Reporter.Start("scoring", 0, "rows");
        foreach ((Row Row, RowTokens Tokens)[] group in Groups(Rows(run, loaded)))
        {
            run.Cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<float[]> scores = scorer.LogProbs([.. group.Select(entry => entry.Tokens.Ids)]);
            for (int i = 0; i < group.Length; i++) yield return Result(group[i].Row, group[i].Tokens, scores[i], totals);
            progress.Advance(group.Length);
        }
    }

    private IEnumerable<(Row Row, RowTokens Tokens)> Rows(CommandRun run, LoadedModel loaded)
    {
        RowIds reader = new(loaded);
        void Skip(HoneException error) => run.Reporter.Warn($"left out: {error.Message}");
        foreach (Row row in Jsonl.Read(run.Get(data)!, run.OnError, Skip))
        {
            RowTokens tokens;
            try
            {
                tokens = reader.Read(row);
            }
            catch (HoneException error) when (run.OnError == OnError.Skip)
            {
                Skip(error);
                continue;
            }
            yield return (row, tokens);
        }
    }

    /// <summary>Rows in order, as many as fit into one pass of the model.</summary>
    private static IEnumerable<(Row Row, RowTokens Tokens)[]> Groups(IEnumerable<(Row Row, RowTokens Tokens)> rows)
    {
        List<(Row Row, RowTokens Tokens)> group = [];
        int tokens = 0;
        foreach ((Row Row, RowTokens Tokens) entry in rows)
        {
            group.Add(entry);
            tokens += entry.Tokens.Ids.Length;
            if (tokens < TokensPerPass) continue;
            yield return [.. group];
            group.Clear();
            tokens = 0;
        }
        if (group.Count > 0) yield return [.. group];
    }

    private static JsonObject Result(Row row, RowTokens tokens, float[] logProbs, Totals totals)
    {
        totals.Rows++;
        totals.Tokens += tokens.Ids.Length;
        foreach (float logProb in logProbs.Skip(1))
        {
            totals.Scored++;
            totals.Sum += logProb;
        }
        JsonObject result = RowOutput.Begin(row);
        result["ids"] = JsonNumbers.Of(tokens.Ids);
        result["logprobs"] = JsonNumbers.Of(logProbs);
        if (tokens.PromptTokens is { } prompt) result["prompt_tokens"] = prompt;
        return result;
    }
}
