using System.Text;
using Hone.Core;

namespace Hone.Data;

/// <summary>
/// Physical lines of a text file with their numbers. Ends lines at LF, CR LF and CR; honours a byte order mark; a file that is
/// not valid UTF-8 is read as Latin-1. A line longer than <see cref="MaxLength"/> is an error rather than a huge allocation.
/// </summary>
internal sealed class BoundedLineReader(string path) : IDisposable
{
    /// <summary>UTF-16 units a single line may have: 64 Mi, far above any row worth training on.</summary>
    public const int MaxLength = 64 << 20;

    private readonly StreamReader reader = new(path, TextEncoding.Of(path), detectEncodingFromByteOrderMarks: true, 1 << 16);
    private readonly Stack<string> returned = new();
    private readonly StringBuilder line = new();

    /// <summary>1-based number of the line that was read last.</summary>
    public long Line { get; private set; }

    /// <summary>The next line without its end, or null at the end of the file.</summary>
    public string? Read()
    {
        string? text = returned.Count > 0 ? returned.Pop() : ReadFresh();
        if (text is not null) Line++;
        return text;
    }

    /// <summary>Gives lines back, last one first, so that they are read again.</summary>
    public void Return(IReadOnlyList<string> lines)
    {
        for (int i = lines.Count - 1; i >= 0; i--) returned.Push(lines[i]);
        Line -= lines.Count;
    }

    public void Dispose() => reader.Dispose();

    private string? ReadFresh()
    {
        line.Clear();
        int c = reader.Read();
        if (c < 0) return null;
        for (; c >= 0 && c != '\n' && c != '\r'; c = reader.Read())
        {
            if (line.Length == MaxLength) throw HoneException.At(path, Line + 1, $"line longer than {MaxLength} characters; is this a text file?");
            line.Append((char)c);
        }
        if (c == '\r' && reader.Peek() == '\n') reader.Read();
        return line.ToString();
    }
}
