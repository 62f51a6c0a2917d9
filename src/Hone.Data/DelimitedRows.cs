using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data;

/// <summary>Turns a CSV or TSV file into rows whose fields are text.</summary>
internal static class DelimitedRows
{
    private const int RecordsLookedAt = 50;

    public static IEnumerable<Row> Read(string path, bool isTsv, TableOptions options)
    {
        if (TextEncoding.Of(path) is { CodePage: not 65001 }) options.Note?.Invoke($"{path}: not valid UTF-8; read as Latin-1.");
        DelimitedFormat format = DelimitedFormat.Detect(path, isTsv);
        string[]? names = null;
        bool hasHeader = options.HasHeader ?? Guess(path, format, options.Map);
        if (!hasHeader) options.Note?.Invoke($"{path}: the first line does not look like column names; columns are called column1, column2 …");
        using DelimitedReader reader = new(path, format);
        bool headerRead = !hasHeader;
        while (true)
        {
            Row? row = null;
            try
            {
                IReadOnlyList<string>? cells = reader.Read();
                if (cells is null) yield break;
                if (!headerRead)
                {
                    names = HeaderGuess.Names(cells, path, reader.Line);
                    headerRead = true;
                }
                else
                {
                    names ??= HeaderGuess.DefaultNames(cells.Count);
                    row = ToRow(cells, names, path, reader.Line);
                }
            }
            catch (HoneException error) when (options.OnError == OnError.Skip && headerRead)
            {
                options.Skipped?.Invoke(error);
            }
            if (row is not null) yield return row;
        }
    }

    private static bool Guess(string path, DelimitedFormat format, ColumnMap map)
    {
        using DelimitedReader reader = new(path, format);
        List<IReadOnlyList<string>> records = [];
        try
        {
            while (records.Count <= RecordsLookedAt && reader.Read() is { } cells) records.Add(cells);
        }
        catch (HoneException)
        {
            // The broken record is reported with its line when it is read for real.
        }
        return records.Count > 0 && HeaderGuess.IsHeader(records[0], [.. records.Skip(1)], map);
    }

    private static Row ToRow(IReadOnlyList<string> cells, string[] names, string path, long line)
    {
        if (cells.Count != names.Length)
            throw HoneException.At(path, line, $"expected {names.Length} cells ({string.Join(", ", names)}), found {cells.Count}.");
        JsonObject fields = [];
        for (int i = 0; i < names.Length; i++) fields[names[i]] = cells[i];
        string id = fields["id"]?.ToString() is { Length: > 0 } given ? given : $"{Path.GetFileName(path)}:{line}";
        return new Row(id, fields, path, line);
    }
}
