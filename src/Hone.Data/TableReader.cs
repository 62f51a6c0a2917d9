using Hone.Core;

namespace Hone.Data;

/// <summary>How a table is read.</summary>
public sealed record TableOptions
{
    /// <summary>What to do with a line that cannot be read.</summary>
    public OnError OnError { get; init; } = OnError.Stop;

    /// <summary>Hears of every line left out.</summary>
    public Action<HoneException>? Skipped { get; init; }

    /// <summary>Hears of decisions the reader took, one sentence each.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>Names for columns.</summary>
    public ColumnMap Map { get; init; } = ColumnMap.None;

    /// <summary>Whether a CSV or TSV file starts with column names; null lets the reader look.</summary>
    public bool? HasHeader { get; init; }
}

/// <summary>Reads rows from JSON Lines, JSON, CSV, TSV or plain text. The file's ending decides, else its first characters.</summary>
public static class TableReader
{
    /// <summary>
    /// Streams the rows with <see cref="TableOptions.Map"/> applied. A .txt or .md file is one row <c>{"text"}</c>.
    /// </summary>
    /// <exception cref="HoneException">No such file, an unknown format, or a malformed row under <see cref="OnError.Stop"/>.</exception>
    public static IEnumerable<Row> Read(string path, TableOptions? options = null)
    {
        options ??= new();
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Give a .jsonl, .json, .csv, .tsv or .txt file.");
        return Mapped(Raw(path, options), options);
    }

    private static IEnumerable<Row> Raw(string path, TableOptions options) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".jsonl" or ".ndjson" => Jsonl.Read(path, options.OnError, options.Skipped),
        ".csv" => DelimitedRows.Read(path, isTsv: false, options),
        ".tsv" or ".tab" => DelimitedRows.Read(path, isTsv: true, options),
        ".txt" or ".md" => [PlainText(path)],
        ".json" => JsonRows(path, options),
        _ => Sniffed(path, options),
    };

    /// <summary>
    /// Many files called .json hold one object per line. A single line <c>{"data": [{…}]}</c> is a list all the same, and
    /// a single line with the fields of a row is that row.
    /// </summary>
    private static IEnumerable<Row> JsonRows(string path, TableOptions options)
    {
        string[] lines = FirstLines(path, 2);
        bool perLine = lines is [['{', .., '}'], ..] && (lines.Length > 1 || RowKinds.HasKnownFields(lines[0]));
        return perLine ? Jsonl.Read(path, options.OnError, options.Skipped) : JsonArrayRows.Read(path, options);
    }

    private static IEnumerable<Row> Sniffed(string path, TableOptions options)
    {
        string first = FirstLines(path, 1) is [string line] ? line : "";
        if (first.StartsWith('{')) return Jsonl.Read(path, options.OnError, options.Skipped);
        if (first.StartsWith('[')) return JsonArrayRows.Read(path, options);
        if (first.Contains('\t')) return DelimitedRows.Read(path, isTsv: true, options);
        throw new HoneException($"{path}: format not recognised. Name it .jsonl, .json, .csv, .tsv or .txt.");
    }

    private static string[] FirstLines(string path, int count)
    {
        using BoundedLineReader reader = new(path);
        List<string> lines = [];
        while (lines.Count < count && reader.Read() is { } line)
            if (!string.IsNullOrWhiteSpace(line)) lines.Add(line.Trim());
        return [.. lines];
    }

    private static Row PlainText(string path) =>
        new(Path.GetFileName(path), new() { ["text"] = File.ReadAllText(path).ReplaceLineEndings("\n") }, path, 1);

    private static IEnumerable<Row> Mapped(IEnumerable<Row> rows, TableOptions options)
    {
        foreach (Row row in rows)
        {
            Row? mapped = null;
            try
            {
                mapped = options.Map.Apply(row);
            }
            catch (HoneException error) when (options.OnError == OnError.Skip)
            {
                options.Skipped?.Invoke(error);
            }
            if (mapped is not null) yield return mapped;
        }
    }
}
