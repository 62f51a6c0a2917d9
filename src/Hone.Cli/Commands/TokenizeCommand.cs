using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Tokenizers;

namespace Hone.Cli.Commands;

[CliCommand("tokenize", "Turn texts into token ids and back.")]
internal sealed class TokenizeCommand : CliCommand
{
    private readonly Option<string?> tokenizer = CliOptions.Text("--tokenizer", "A tokenizer.json, a model folder, a .gguf file, a llama2.c tokenizer or a pulled org/name.", "PATH", isRequired: true);

    private readonly Option<string?> data = CliOptions.Text("--data", "JSON Lines with a field 'text'.", "FILE", isRequired: true);

    private readonly Option<bool> noSpecial = CliOptions.Flag("--no-special", "Leave out the special tokens that the tokenizer adds, such as a beginning of sequence.");

    private readonly Option<bool> keepSpecial = CliOptions.Flag("--keep-special", "Show special tokens in the decoded text.");

    public override IEnumerable<Symbol> Symbols => [tokenizer, data, noSpecial, keepSpecial];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.OnError;

    public override string Details =>
        """
        Each row becomes {"ids":[...],"decoded":"..."}, with its id in front where it has one. Without --out the rows are
        printed.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("tokenize --tokenizer models/smollm2 --data texts.jsonl --out ids.jsonl", "ids and decoded text of every row"),
        new("tokenize --tokenizer model.gguf --data texts.jsonl --no-special", "printed, without added special tokens"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        Tokenizer loaded = Tokenizer.Load(run.Get(tokenizer)!);
        Counts counts = new();
        IEnumerable<JsonNode> results = Results(run, loaded, counts);
        if (run.Out is { } path) Jsonl.Write(path, results);
        else
            foreach (JsonNode row in results)
                if (!run.IsJson) run.Output.WriteLine(row.ToJsonString(Jsonl.Compact));
        if (run.IsJson) run.WriteJson(new JsonObject { ["rows"] = counts.Rows, ["tokens"] = counts.Tokens, ["vocabulary"] = loaded.VocabularySize });
        else run.Reporter.Line($"{counts.Rows} rows, {counts.Tokens} tokens{(run.Out is null ? "" : $", written to {run.Out}")}.");
        return Task.FromResult(CliApp.Done);
    }

    private sealed class Counts
    {
        public long Rows { get; set; }

        public long Tokens { get; set; }
    }

    private IEnumerable<JsonNode> Results(CommandRun run, Tokenizer loaded, Counts counts)
    {
        bool addSpecial = !run.Get(noSpecial), skipSpecial = !run.Get(keepSpecial);
        foreach (Row row in Jsonl.Read(run.Get(data)!, run.OnError, error => run.Reporter.Warn(error.Message)))
        {
            run.Cancellation.ThrowIfCancellationRequested();
            JsonObject result;
            try
            {
                (result, int count) = Describe(row, loaded, addSpecial, skipSpecial);
                (counts.Rows, counts.Tokens) = (counts.Rows + 1, counts.Tokens + count);
            }
            catch (HoneException error) when (run.OnError == OnError.Skip)
            {
                run.Reporter.Warn(error.Message);
                continue;
            }
            yield return result;
        }
    }

    private static (JsonObject Row, int Tokens) Describe(Row row, Tokenizer tokenizer, bool addSpecial, bool skipSpecial)
    {
        int[] ids;
        try
        {
            ids = tokenizer.Encode(row.Text("text"), addSpecial);
        }
        catch (HoneException error) when (!error.Message.StartsWith(row.Source, StringComparison.Ordinal))
        {
            throw row.Error(error.Message);
        }
        JsonObject result = row.Fields.ContainsKey("id") ? new() { ["id"] = row.Id } : [];
        result["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]);
        result["decoded"] = tokenizer.Decode(ids, skipSpecial);
        return (result, ids.Length);
    }
}
