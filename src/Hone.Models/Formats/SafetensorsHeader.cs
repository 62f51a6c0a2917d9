using System.Text;
using System.Text.Json;
using Hone.Core;

namespace Hone.Models.Formats;

/// <summary>
/// The JSON in front of a safetensors file: for each tensor its type, shape and place, and free text under
/// <c>__metadata__</c>. Read with a streaming reader, so that a duplicate key is seen and nothing is built in memory beyond
/// the table itself.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The format's own limit on the length of the header.</summary>
    public const int MaxBytes = 100_000_000;

    public sealed record Tensor(string Name, WeightType Type, long[] Shape, long Begin, long End);

    public sealed record Content(IReadOnlyList<Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata);

    /// <exception cref="HoneException">Not JSON, or not what the format says.</exception>
    public static Content Parse(ReadOnlySpan<byte> json, string path)
    {
        try
        {
            return Read(json, path);
        }
        catch (JsonException error)
        {
            throw new HoneException($"{path}: the header is not valid JSON at byte {8 + (error.BytePositionInLine ?? 0)}.", error);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new HoneException($"{path}: the header holds a value of the wrong kind: {error.Message}", error);
        }
    }

    private static Content Read(ReadOnlySpan<byte> json, string path)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 8 });
        List<Tensor> tensors = [];
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal);
        reader.Read();
        Expect(reader.TokenType, JsonTokenType.StartObject, path, "the header");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!names.Add(name)) throw new HoneException($"{path}: the header names '{name}' twice.");
            reader.Read();
            if (name == "__metadata__") ReadMetadata(ref reader, metadata, path);
            else tensors.Add(ReadTensor(ref reader, name, path));
        }
        while (reader.Read()) { } // whatever follows the object must be blanks
        return new(tensors, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata, string path)
    {
        if (reader.TokenType == JsonTokenType.Null) return;
        Expect(reader.TokenType, JsonTokenType.StartObject, path, "__metadata__");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            Expect(reader.TokenType, JsonTokenType.String, path, $"metadata '{key}'");
            if (!metadata.TryAdd(key, reader.GetString()!)) throw new HoneException($"{path}: metadata '{key}' is there twice.");
        }
    }

    private static Tensor ReadTensor(ref Utf8JsonReader reader, string name, string path)
    {
        string place = $"tensor '{name}'";
        Expect(reader.TokenType, JsonTokenType.StartObject, path, place);
        WeightType? type = null;
        long[]? shape = null, offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            reader.Read();
            bool again = false;
            switch (field)
            {
                case "dtype": again = type is not null; type = TypeOf(ref reader, path, place); break;
                case "shape": again = shape is not null; shape = Integers(ref reader, path, place); break;
                case "data_offsets": again = offsets is not null; offsets = Integers(ref reader, path, place); break;
                default: throw new HoneException($"{path}: {place}: unknown field '{field}'; expected dtype, shape and data_offsets.");
            }
            if (again) throw new HoneException($"{path}: {place}: field '{field}' is there twice.");
        }
        if (type is null || shape is null || offsets is not { Length: 2 })
            throw new HoneException($"{path}: {place}: needs dtype, shape and two data_offsets.");
        return new(name, type.Value, shape, offsets[0], offsets[1]);
    }

    private static long[] Integers(ref Utf8JsonReader reader, string path, string place)
    {
        Expect(reader.TokenType, JsonTokenType.StartArray, path, place);
        List<long> values = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long value) || value < 0)
                throw new HoneException($"{path}: {place}: expected a list of whole numbers from 0.");
            values.Add(value);
        }
        return [.. values];
    }

    private static WeightType TypeOf(ref Utf8JsonReader reader, string path, string place)
    {
        Expect(reader.TokenType, JsonTokenType.String, path, $"dtype of {place}");
        string text = reader.GetString()!;
        return SafetensorsTypes.Parse(text) ?? throw new HoneException(
            $"{path}: {place}: type '{text}' cannot be read. Known: {string.Join(", ", SafetensorsTypes.Names)}.");
    }

    private static void Expect(JsonTokenType found, JsonTokenType wanted, string path, string what)
    {
        if (found != wanted) throw new HoneException($"{path}: {what} should be {Describe(wanted)}, found {Describe(found)}.");
    }

    private static string Describe(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        _ => token.ToString().ToLowerInvariant(),
    };
}
