namespace Hone.Cli.Output;

/// <summary>Tables as aligned text: the same on a terminal, in a file and in a pipe.</summary>
internal static class TextTable
{
    /// <summary>Writes the title, the headings and the rows; numbers are aligned to the right.</summary>
    public static void Write(TextWriter output, ResultTable table)
    {
        if (table.Title.Length > 0) output.WriteLine(table.Title);
        int count = table.Columns.Count;
        int[] widths = [.. Enumerable.Range(0, count).Select(c => table.Rows.Select(row => row[c].Length).Append(table.Columns[c].Length).Max())];
        bool[] areNumbers = [.. Enumerable.Range(0, count).Select(c => table.Rows.Count > 0 && table.Rows.All(row => IsNumber(row[c])))];
        WriteRow(output, table.Columns, widths, areNumbers);
        foreach (IReadOnlyList<string> row in table.Rows) WriteRow(output, row, widths, areNumbers);
    }

    private static void WriteRow(TextWriter output, IReadOnlyList<string> cells, int[] widths, bool[] areNumbers)
    {
        IEnumerable<string> padded = cells.Select((cell, c) => areNumbers[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]));
        output.WriteLine(string.Join("  ", padded).TrimEnd());
    }

    private static bool IsNumber(string cell) => cell.Length == 0 || char.IsAsciiDigit(cell[^1]) && (char.IsAsciiDigit(cell[0]) || cell[0] is '-' or '+') || cell.EndsWith('%');
}
