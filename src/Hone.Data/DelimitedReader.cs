using System.Text;
using Hone.Core;

namespace Hone.Data;

/// <summary>
/// Records of a CSV or TSV file (RFC 4180): quoted cells may hold delimiters, doubled quotes and line ends (kept as LF).
/// A quote inside a cell that does not start with one is an ordinary character. Blank lines are passed over.
/// </summary>
internal sealed class DelimitedReader(string path, DelimitedFormat format) : IDisposable
{
    private readonly BoundedLineReader lines = new(path);
    private readonly List<string> taken = [];
    private readonly StringBuilder cell = new();

    /// <summary>1-based line on which the record read last begins.</summary>
    public long Line { get; private set; }

    /// <summary>
    /// The next record's cells, or null at the end. After an error reading goes on with the line after the broken record's
    /// first one, so a stray quote costs one row and not the rest of the file.
    /// </summary>
    /// <exception cref="HoneException">A quote is never closed, or a closing quote is followed by text.</exception>
    public IReadOnlyList<string>? Read()
    {
        string? text;
        do
        {
            text = lines.Read();
        }
        while (text is { Length: 0 });
        if (text is null) return null;
        Line = lines.Line;
        taken.Clear();
        try
        {
            return Cells(text);
        }
        catch (HoneException)
        {
            lines.Return(taken);
            throw;
        }
    }

    public void Dispose() => lines.Dispose();

    private List<string> Cells(string text)
    {
        List<string> cells = [];
        int at = 0;
        while (true)
        {
            if (format.Quotes && at < text.Length && text[at] == '"') cells.Add(Quoted(ref text, ref at, cells.Count + 1));
            else cells.Add(Plain(text, ref at));
            if (at >= text.Length) return cells;
            at++;
            if (at == text.Length)
            {
                cells.Add("");
                return cells;
            }
        }
    }

    private string Plain(string text, ref int at)
    {
        int end = text.IndexOf(format.Delimiter, at);
        if (end < 0) end = text.Length;
        string value = text[at..end];
        at = end;
        return value;
    }

    private string Quoted(ref string text, ref int at, int column)
    {
        cell.Clear();
        at++;
        while (true)
        {
            int quote = text.IndexOf('"', at);
            if (quote < 0)
            {
                cell.Append(text, at, text.Length - at).Append('\n');
                text = lines.Read() ?? throw Broken(column, "opens a quote that is never closed");
                taken.Add(text);
                if (cell.Length > BoundedLineReader.MaxLength) throw Broken(column, "opens a quote that is not closed for 64 million characters");
                at = 0;
                continue;
            }
            cell.Append(text, at, quote - at);
            at = quote + 1;
            if (at < text.Length && text[at] == '"')
            {
                cell.Append('"');
                at++;
            }
            else if (at == text.Length || text[at] == format.Delimiter)
            {
                return cell.ToString();
            }
            else
            {
                throw Broken(column, "has text after its closing quote; a quote inside a quoted cell must be doubled");
            }
        }
    }

    private HoneException Broken(int column, string what) => HoneException.At(path, Line, $"cell {column} {what}.");
}
