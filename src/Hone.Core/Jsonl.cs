using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Core;

/// <summary>What to do with a line that cannot be read.</summary>
public enum OnError
{
    /// <summary>Stop with the file, the line and the reason.</summary>
    Stop,

    /// <summary>Report it and go on.</summary>
    Skip,
}

/// <summary>Reading and writing JSON Lines.</summary>
public static class Jsonl
{
    /// <summary>UTF-8 in which bytes that are none become a character that no text has.</summary>
    private static readonly Encoding Reading = Encoding.GetEncoding("utf-8", EncoderFallback.ReplacementFallback, new DecoderReplacementFallback(NotUtf8.ToString()));

    private const char NotUtf8 = '\uFFFF';

    /// <summary>Readable output: no escaping beyond what JSON requires.</summary>
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The same, indented.</summary>
    public static readonly JsonSerializerOptions Indented = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
    };

    /// <summary>
    /// Reads one object per line; blank lines are passed over. <paramref name="skipped"/> hears of every line left out under
    /// <see cref="OnError.Skip"/>.
    /// </summary>
    /// <exception cref="HoneException">The file is missing, or a line is malformed and <paramref name="onError"/> is Stop.</exception>
    public static IEnumerable<Row> Read(string path, OnError onError = OnError.Stop, Action<HoneException>? skipped = null)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Give the path of a JSON Lines file.");
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite); // a log may still be open
        using StreamReader reader = new(stream, Reading);
        long line = 0;
        while (reader.ReadLine() is { } text)
        {
            line++;
            if (string.IsNullOrWhiteSpace(text)) continue;
            Row? row = null;
            try
            {
                row = Parse(text, path, line);
            }
            catch (HoneException error) when (onError == OnError.Skip)
            {
                skipped?.Invoke(error);
            }
            if (row is not null) yield return row;
        }
    }

    /// <summary>Parses one line.</summary>
    /// <exception cref="HoneException">Not a JSON object, a duplicate key, invalid UTF-8.</exception>
    public static Row Parse(string text, string source, long line)
    {
        if (text.IndexOf(NotUtf8) is >= 0 and var at) throw HoneException.At(source, line, $"not valid UTF-8 at column {at + 1}. Save the file as UTF-8.");
        JsonNode? node;
        try
        {
            node = JsonText.ParseStrict(text);
        }
        catch (JsonException error)
        {
            throw HoneException.At(source, line, $"not valid JSON at column {(error.BytePositionInLine ?? 0) + 1}; expected one object per line.");
        }
        if (node is not JsonObject fields)
            throw HoneException.At(source, line, $"expected a JSON object, found {node?.GetValueKind().ToString().ToLowerInvariant() ?? "null"}.");
        string id = fields["id"] is JsonValue value ? value.ToString() : $"{Path.GetFileName(source)}:{line}";
        return new Row(id, fields, source, line);
    }

    /// <summary>Writes all rows to <paramref name="path"/> through a temporary file.</summary>
    public static void Write(string path, IEnumerable<JsonNode> rows) => AtomicFile.Write(path, stream =>
    {
        using StreamWriter writer = new(stream, new UTF8Encoding(false), leaveOpen: true);
        foreach (JsonNode row in rows) writer.Write(row.ToJsonString(Compact) + "\n");
    });
}

/// <summary>
/// A JSON Lines file that only grows: the log of a run that may be killed at any moment. Each line is handed to the
/// operating system whole before <see cref="Append"/> returns; opening it again cuts off a torn last line.
/// </summary>
public sealed class JsonlLog : IDisposable
{
    private readonly FileStream stream;

    public JsonlLog(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, 1);
        CutTornLine();
    }

    /// <summary>Adds one line.</summary>
    public void Append(JsonNode row)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(row.ToJsonString(Jsonl.Compact) + "\n");
        stream.Write(bytes);
        stream.Flush();
    }

    /// <summary>
    /// Replaces the whole content, in place: for dropping the last lines when a run goes back to a checkpoint. Lines are
    /// rewritten from the first that differs, so a log that only loses its tail is never at risk.
    /// </summary>
    public void Replace(IReadOnlyList<JsonNode> rows)
    {
        using MemoryStream content = new();
        foreach (JsonNode row in rows) content.Write(Encoding.UTF8.GetBytes(row.ToJsonString(Jsonl.Compact) + "\n"));
        ReadOnlySpan<byte> wanted = content.GetBuffer().AsSpan(0, (int)content.Length);
        byte[] present = new byte[Math.Min(stream.Length, wanted.Length)];
        stream.Position = 0;
        stream.ReadExactly(present);
        int same = wanted.CommonPrefixLength(present);
        stream.Position = same;
        stream.Write(wanted[same..]);
        stream.SetLength(wanted.Length);
        stream.Flush();
    }

    public void Dispose() => stream.Dispose();

    private void CutTornLine()
    {
        long end = stream.Length;
        while (end > 0)
        {
            stream.Position = end - 1;
            if (stream.ReadByte() == '\n') break;
            end--;
        }
        stream.SetLength(end);
        stream.Position = end;
    }
}
