using System.Text;

namespace Hone.Evaluation.Reports;

/// <summary>The numbers behind a chart, folded away below it: for screen readers and for copying.</summary>
internal static class DataTable
{
    private const int MaxPoints = 200;

    public static string Of(IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        StringBuilder html = new("<details class=\"data\"><summary>Numbers</summary><div class=\"wide\"><table><thead><tr>");
        foreach (string column in columns) html.Append($"<th scope=\"col\">{Html.Escape(column)}</th>");
        html.Append("</tr></thead><tbody>");
        foreach (string[] row in rows) html.Append("<tr>").Append(string.Concat(row.Select((c, i) => $"<td{(i == 0 ? "" : " class=\"number\"")}>{Html.Escape(c)}</td>"))).Append("</tr>");
        return html.Append("</tbody></table></div></details>").ToString();
    }

    /// <summary>At most 200 of the items, evenly spread, first and last included.</summary>
    public static IEnumerable<T> Thinned<T>(IReadOnlyList<T> items)
    {
        if (items.Count <= MaxPoints) return items;
        return Enumerable.Range(0, MaxPoints).Select(i => items[(int)((long)i * (items.Count - 1) / (MaxPoints - 1))]);
    }
}
