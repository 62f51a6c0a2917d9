using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data;

/// <summary>
/// Finds the label in tables of two filled columns whose names say nothing, such as <c>ham⇥message</c> without a header or the
/// columns v1 and v2 of the same data on other sites.
/// </summary>
internal static class LabelColumns
{
    private const int MaxLabels = 50, MaxLabelLength = 40;

    private static readonly string[] TextNames = ["text", "message", "sms", "sentence", "content", "body", "v2"];
    private static readonly string[] LabelNames = ["label", "category", "class", "target", "v1"];

    /// <summary>
    /// Adds fields <c>text</c> and <c>label</c> where the columns' names say which is which, such as Category and Message, or exactly
    /// one of the two columns holds labels: at most 50 distinct short values, each used four times on average or more. Leaves other
    /// rows as they are.
    /// </summary>
    public static List<Row> Name(List<Row> rows, Action<string> note)
    {
        if (rows.Count == 0 || RowKinds.Of(rows[0]) is not null) return rows;
        string[] columns = [.. rows[0].Fields.Select(f => f.Key).Where(c => IsFilled(rows, c))];
        if (columns.Length != 2 || !rows.TrueForAll(r => columns.All(c => r.Fields[c] is JsonValue))) return rows;
        int at = ByName(columns);
        if (at < 0) at = ByValues(rows, columns);
        if (at < 0) return rows;
        string[] labels = [.. rows.Select(r => r.Text(columns[at])).Distinct().Order(StringComparer.Ordinal)];
        note($"column '{columns[at]}' holds {labels.Length} labels ({Shown(labels)}): it is taken as the answer, column '{columns[1 - at]}' as the question.");
        return [.. rows.Select(r => r.With("text", r.Fields[columns[1 - at]]!.DeepClone()).With("label", r.Fields[columns[at]]!.DeepClone()))];
    }

    /// <summary>Spreadsheets leave columns behind that are empty but for a few rows.</summary>
    private static bool IsFilled(List<Row> rows, string column) =>
        rows.Count(r => r.Fields[column] is JsonValue value && value.ToString().AsSpan().Trim().Length > 0) * 2 > rows.Count;

    private static int ByName(string[] columns) =>
        Array.FindIndex(columns, c => LabelNames.Contains(c.ToLowerInvariant())) is var at and >= 0 && TextNames.Contains(columns[1 - at].ToLowerInvariant()) ? at : -1;

    private static int ByValues(List<Row> rows, string[] columns)
    {
        bool[] labels = [.. columns.Select(c => HoldsLabels(rows, c))];
        return labels[0] == labels[1] ? -1 : labels[0] ? 0 : 1;
    }

    private static bool HoldsLabels(List<Row> rows, string column)
    {
        HashSet<string> values = [];
        foreach (Row row in rows)
        {
            string value = row.Text(column);
            if (value.Length is 0 or > MaxLabelLength) return false;
            values.Add(value);
            if (values.Count > MaxLabels) return false;
        }
        return values.Count >= 2 && values.Count * 4 <= rows.Count;
    }

    private static string Shown(string[] labels) =>
        labels.Length <= 6 ? string.Join(", ", labels) : string.Join(", ", labels.Take(6)) + " …";
}
