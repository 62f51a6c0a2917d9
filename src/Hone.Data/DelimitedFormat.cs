namespace Hone.Data;

/// <summary>How a delimited file is written.</summary>
/// <param name="Delimiter">Between cells.</param>
/// <param name="Quotes">Whether a cell that starts with a double quote is quoted (RFC 4180). Many TSV files do not quote.</param>
public sealed record DelimitedFormat(char Delimiter, bool Quotes)
{
    /// <summary>
    /// Looks at a file. The delimiter is a tab for TSV; for CSV a comma, or a semicolon or tab when the first line has none.
    /// CSV always quotes. TSV quotes only when every cell that starts with a quote also ends with one: chat logs and
    /// message collections are full of cells such as <c>"Hi" she said</c>, where quotes are ordinary characters.
    /// </summary>
    public static DelimitedFormat Detect(string path, bool isTsv)
    {
        char delimiter = isTsv ? '\t' : DelimiterOf(FirstLine(path));
        DelimitedFormat quoted = new(delimiter, true);
        return !isTsv || ReadsCleanly(path, quoted) ? quoted : quoted with { Quotes = false };
    }

    private static char DelimiterOf(string line)
    {
        foreach (char candidate in (ReadOnlySpan<char>)[',', ';', '\t'])
            if (line.Contains(candidate)) return candidate;
        return ',';
    }

    private static string FirstLine(string path)
    {
        using BoundedLineReader reader = new(path);
        while (reader.Read() is { } line)
            if (line.Length > 0) return line;
        return "";
    }

    private static bool ReadsCleanly(string path, DelimitedFormat format)
    {
        using DelimitedReader reader = new(path, format);
        try
        {
            while (reader.Read() is not null) { }
            return true;
        }
        catch (Core.HoneException)
        {
            return false;
        }
    }
}
