using System.CommandLine;
using Hone.Data;

namespace Hone.Cli.Options;

/// <summary>The options of commands that read rows: <c>--data</c>, <c>--map</c>.</summary>
public sealed class DataOptions(string? description = null, bool isRequired = true)
{
    private readonly Option<string?> data = CliOptions.Text("--data", description ?? "Rows: .jsonl, .json, .csv or .tsv.", "FILE", isRequired);

    private readonly Option<string[]> map = CliOptions.Texts(
        "--map", "Column names of this file: --map question=Body,Question joins two columns. Repeatable.", "NAME=COLUMN[,COLUMN]");

    public IEnumerable<Option> All => [data, map];

    /// <summary>The file named, or null.</summary>
    public string? Path(CommandRun run) => run.Get(data);

    /// <summary>Reads the rows and tells what was decided about them.</summary>
    /// <exception cref="HoneException">A missing file or malformed rows.</exception>
    public Dataset Load(CommandRun run, OnError onError) => Dataset.Load(run.Get(data)!, new TableOptions
    {
        OnError = onError,
        Map = ColumnMap.Parse(run.Get(map)!),
        Note = run.Reporter.Line,
        Skipped = error => run.Reporter.Warn($"left out: {error.Message}"),
    });
}
