using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Cli.Output;
using Hone.Inference.Embedding;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("embed", "Turn texts into vectors.")]
internal sealed class EmbedCommand : CliCommand
{
    private const int TextsPerPass = 256;

    private readonly Option<string> model = ModelArgument.Option();
    private readonly Option<string?> data = CliOptions.Text("--data", "JSON Lines with a field 'text', or 'ids' with special tokens included.", "FILE", isRequired: true);

    private readonly PrecisionOption precision = new(Precision.Fp32);

    public override IEnumerable<Symbol> Symbols => [model, data, precision.Option];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError | SharedOptions.Threads;

    public override string Details =>
        """
        Each row becomes {"embedding":[...]}, with its id in front where it has one. Pooling, unit length and the length
        texts are cut at come from the model's own files (modules.json and what it names, as sentence-transformers writes
        them); a model without these gets the mean over all tokens at unit length. Without --out the rows are printed.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("embed --model sentence-transformers/all-MiniLM-L6-v2 --data texts.jsonl --out vectors.jsonl", "one vector per row, with a pulled model"),
        new("embed --model models/minilm --data texts.jsonl --json", "only the counts"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        Embedder embedder = Embedder.Load(ModelArgument.Locate(run.Get(model)!), null, workers, precision.Read(run));
        (int rows, int tokens) = (0, 0);
        RowOutput.Write(run, Results());
        if (run.IsJson) run.WriteJson(new JsonObject { ["rows"] = rows, ["tokens"] = tokens, ["size"] = embedder.Size, ["out"] = run.Out });
        else run.Reporter.Line($"{rows} rows, {tokens} tokens, vectors of {embedder.Size}{(run.Out is null ? "" : $", written to {run.Out}")}.");
        return Task.FromResult(CliApp.Done);

        IEnumerable<JsonNode> Results()
        {
            using IProgressTask progress = run.Reporter.Start("embedding", 0, "texts");
            foreach ((Row Row, int[] Ids)[] group in Rows(run, embedder).Chunk(TextsPerPass))
            {
                run.Cancellation.ThrowIfCancellationRequested();
                IReadOnlyList<float[]> vectors = embedder.EmbedIds([.. group.Select(entry => entry.Ids)]);
                rows += group.Length;
                tokens += group.Sum(entry => entry.Ids.Length);
                progress.Advance(group.Length);
                for (int i = 0; i < group.Length; i++)
                {
                    JsonObject result = RowOutput.Begin(group[i].Row);
                    result["embedding"] = JsonNumbers.Of(vectors[i]);
                    yield return result;
                }
            }
        }
    }

    private IEnumerable<(Row Row, int[] Ids)> Rows(CommandRun run, Embedder embedder)
    {
        void Skip(HoneException error) => run.Reporter.Warn($"left out: {error.Message}");
        foreach (Row row in Jsonl.Read(run.Get(data)!, run.OnError, Skip))
        {
            int[] ids;
            try
            {
                ids = Ids(row, embedder);
            }
            catch (HoneException error) when (run.OnError == OnError.Skip)
            {
                Skip(error);
                continue;
            }
            yield return (row, ids);
        }
    }

    private static int[] Ids(Row row, Embedder embedder)
    {
        try
        {
            int[] ids = row.Has("ids") ? RowIds.Ids(row) : embedder.Tokenize(row.Text("text"));
            embedder.Check(ids);
            return ids;
        }
        catch (HoneException error) when (!error.Message.StartsWith(row.Source, StringComparison.Ordinal))
        {
            throw row.Error(error.Message);
        }
    }
}
