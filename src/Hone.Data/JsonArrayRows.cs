using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Data;

/// <summary>Rows of a .json file: a list of objects, or an object one of whose fields is such a list.</summary>
internal static class JsonArrayRows
{
    /// <summary>Bytes a .json file may have, since it is read whole: 1 GiB. JSON Lines has no limit.</summary>
    private const long MaxBytes = 1L << 30;

    public static IEnumerable<Row> Read(string path, TableOptions options)
    {
        if (new FileInfo(path).Length > MaxBytes) throw new HoneException($"{path}: larger than 1 GiB; write it as JSON Lines (one object per line).");
        byte[] bytes = File.ReadAllBytes(path);
        int start = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? 3 : 0;
        List<(int Start, int End)> spans = Spans(bytes, start, path);
        long line = 1;
        int counted = 0;
        foreach ((int from, int to) in spans)
        {
            line += bytes.AsSpan(counted, from - counted).Count((byte)'\n');
            counted = from;
            Row? row = null;
            try
            {
                row = Jsonl.Parse(Encoding.UTF8.GetString(bytes, from, to - from), path, line);
            }
            catch (HoneException error) when (options.OnError == OnError.Skip)
            {
                options.Skipped?.Invoke(error);
            }
            if (row is not null) yield return row;
        }
    }

    /// <summary>Byte ranges of the list's elements.</summary>
    private static List<(int Start, int End)> Spans(byte[] bytes, int start, string path)
    {
        Utf8JsonReader reader = new(bytes.AsSpan(start), new JsonReaderOptions { MaxDepth = 64 });
        try
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject) FindList(ref reader, path);
            else if (reader.TokenType != JsonTokenType.StartArray) throw NoList(path);
            List<(int, int)> spans = [];
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                int from = (int)reader.TokenStartIndex;
                reader.Skip();
                spans.Add((start + from, start + (int)reader.BytesConsumed));
            }
            return spans;
        }
        catch (JsonException error)
        {
            throw HoneException.At(path, (error.LineNumber ?? 0) + 1, $"not valid JSON at column {(error.BytePositionInLine ?? 0) + 1}.");
        }
    }

    private static void FindList(ref Utf8JsonReader reader, string path)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray) return;
            reader.Skip();
        }
        throw NoList(path);
    }

    private static HoneException NoList(string path) => new($"{path}: expected a list of objects, [{{…}}, {{…}}], or one object per line.");
}
