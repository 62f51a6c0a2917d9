using System.Text.Json.Nodes;

namespace Hone.Core;

/// <summary>A table of results: printed by the command line, written as JSON for machines.</summary>
/// <param name="Title">What it shows; empty for none.</param>
/// <param name="Columns">Headings.</param>
/// <param name="Rows">One list of cells for each row, as many as there are columns.</param>
public sealed record ResultTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Title, columns and rows as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["title"] = Title,
        ["columns"] = new JsonArray([.. Columns.Select(column => (JsonNode)column)]),
        ["rows"] = new JsonArray([.. Rows.Select(row => new JsonArray([.. row.Select(cell => (JsonNode)cell)]))]),
    };
}
