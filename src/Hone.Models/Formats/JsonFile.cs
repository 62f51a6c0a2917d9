using System.Text.Json;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>Small JSON files beside a model.</summary>
internal static class JsonFile
{
    /// <summary>Parses a whole file: at most <paramref name="maxBytes"/>, 64 levels, no key twice.</summary>
    /// <exception cref="HoneException">Missing, too large or malformed.</exception>
    public static JsonDocument Parse(string path, long maxBytes)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw new HoneException($"{path}: no such file.");
            if (file.Length > maxBytes)
                throw new HoneException($"{path}: {file.Length} bytes are more than the {maxBytes} such a file may have.");
            return JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
        }
        catch (JsonException error)
        {
            throw new HoneException(
                $"{path}:{(error.LineNumber ?? 0) + 1}: not valid JSON at column {(error.BytePositionInLine ?? 0) + 1}: {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new HoneException($"{path}: cannot be read: {error.Message}", error);
        }
    }
}
