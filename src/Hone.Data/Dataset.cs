using System.Security.Cryptography;
using Hone.Core;
using Hone.Data.Preferences;

namespace Hone.Data;

/// <summary>Rows of one kind, read from a file, checked and put into canonical form.</summary>
/// <param name="Rows">Checked rows. Task rows have <c>question</c>, <c>answer</c> and maybe <c>rationale</c>.</param>
/// <param name="Kind">What the rows are for.</param>
/// <param name="Path">File they came from.</param>
/// <param name="Sha256">Hash of that file's bytes, lower-case hexadecimal.</param>
/// <param name="Skipped">Rows left out because they were malformed; 0 unless asked to skip.</param>
/// <param name="Notes">Decisions taken while reading, one sentence each, for the user to see.</param>
public sealed record Dataset(IReadOnlyList<Row> Rows, RowKind Kind, string Path, string Sha256, int Skipped, IReadOnlyList<string> Notes)
{
    /// <summary>
    /// Reads a file. A delimited file of two columns without a header, one of which holds few distinct short values, is read
    /// as text and label.
    /// </summary>
    /// <exception cref="HoneException">No rows, mixed kinds, unknown columns, a malformed row under Stop, an id of a task used twice.</exception>
    public static Dataset Load(string path, TableOptions? options = null)
    {
        options ??= new();
        List<string> notes = [];
        int skipped = 0;
        HoneException? firstError = null;
        void Skip(HoneException error)
        {
            skipped++;
            firstError ??= error;
            options.Skipped?.Invoke(error);
        }
        TableOptions inner = options with { Skipped = Skip, Note = notes.Add };
        List<Row> raw = LabelColumns.Name([.. TableReader.Read(path, inner)], notes.Add);
        (List<Row> rows, RowKind kind) = Checked(raw, options.OnError, Skip);
        if (rows.Count == 0) throw firstError ?? new HoneException($"{path}: no rows. Expected one object per line, or a table with a row per line.");
        foreach (string note in notes) options.Note?.Invoke(note);
        return new(rows, kind, path, HashOf(path), skipped, notes);
    }

    /// <summary>SHA-256 of a file's bytes, lower-case hexadecimal.</summary>
    public static string HashOf(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static (List<Row> Rows, RowKind Kind) Checked(List<Row> raw, OnError onError, Action<HoneException> skip)
    {
        List<Row> rows = new(raw.Count);
        Dictionary<string, Row> ids = [];
        RowKind? kind = null;
        foreach (Row row in raw)
        {
            try
            {
                RowKind found = RowKinds.Require(row);
                if (kind is RowKind.Judged && found == RowKind.PromptCompletion) throw row.Error($"label is {row.Fields["label"]?.ToJsonString() ?? "missing"}; expected true or false.");
                if (kind is not null && found != kind) throw row.Error($"this row is of kind {found}, the rows before it are {kind}; a file holds one kind.");
                Row canonical = found == RowKind.Task ? TaskRows.Normalise(row) : found == RowKind.Messages && ShareGpt.Is(row) ? ShareGpt.ToMessages(row) : ForeignPairs.Canonical(row);
                if (found == RowKind.Task && !ids.TryAdd(row.Id, row)) throw row.Error($"id '{row.Id}' was used before, in line {ids[row.Id].Line}.");
                kind = found;
                rows.Add(canonical);
            }
            catch (HoneException error) when (onError == OnError.Skip)
            {
                skip(error);
            }
        }
        return (rows, kind ?? RowKind.Text);
    }
}
