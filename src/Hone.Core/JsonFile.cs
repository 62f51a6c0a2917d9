using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core.Schema;

namespace Hone.Core;

/// <summary>Small JSON files that others wrote: settings beside a model, an adapter or a conversation.</summary>
public static class JsonFile
{
    /// <summary>Bytes a file of settings may have where the caller names no other limit.</summary>
    public const long DefaultMaxBytes = 16 << 20;

    /// <summary>Parses a whole file: at most <paramref name="maxBytes"/>, 64 levels, no key twice.</summary>
    /// <exception cref="HoneException">Missing, too large or malformed.</exception>
    public static JsonDocument Parse(string path, long maxBytes = DefaultMaxBytes) => Guard(path, () => JsonText.ParseDocument(Bytes(path, maxBytes)));

    /// <summary>The value of a whole file, under the conditions of <see cref="Parse"/>.</summary>
    /// <exception cref="HoneException">Missing, too large or malformed.</exception>
    public static JsonNode? Read(string path, long maxBytes = DefaultMaxBytes) =>
        // Strings that are not UTF-8 would pass the parser and fail only when they are read; decoded like this they hold U+FFFD.
        Guard(path, () => JsonText.ParseStrict(Encoding.UTF8.GetString(Bytes(path, maxBytes))));

    /// <summary>Like <see cref="Read"/>, for files that hold an object.</summary>
    /// <exception cref="HoneException">Missing, too large, malformed or not an object.</exception>
    public static JsonObject ReadObject(string path, long maxBytes = DefaultMaxBytes) =>
        Read(path, maxBytes) as JsonObject ?? throw new HoneException($"{path}: expected a JSON object.");

    private static byte[] Bytes(string path, long maxBytes)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new HoneException($"{path}: no such file.");
        if (file.Length > maxBytes) throw new HoneException($"{path}: {file.Length} bytes are more than the {maxBytes} such a file may have.");
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes;
    }

    private static T Guard<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (JsonException error)
        {
            throw new HoneException($"{path}:{(error.LineNumber ?? 0) + 1}: not valid JSON at column {(error.BytePositionInLine ?? 0) + 1}: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HoneException($"{path}: cannot be read: {error.Message}", error);
        }
    }
}
