using System.Text.Encodings.Web;
using System.Text.Json;
using Hone.Core;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>The file format tokenizer.json.</summary>
internal static class TokenizerJson
{
    private const int LargestGap = 1 << 20;

    public static readonly JsonWriterOptions WriterOptions = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="HoneException">Not what a tokenizer.json holds.</exception>
    public static TokenizerParts Read(JsonSpec root, string source)
    {
        JsonSpec model = root.Get("model");
        if (model.IsNull) throw model.Error("is missing; this is not a tokenizer.json.");
        SubwordModel subwords = SubwordModel.Read(model);
        return new(subwords, ReadAdded(root.Get("added_tokens"), subwords.Vocabulary.Size))
        {
            Source = source,
            Normalizer = Keep(root, "normalizer"),
            PreTokenizer = Keep(root, "pre_tokenizer"),
            PostProcessor = Keep(root, "post_processor"),
            Decoder = Keep(root, "decoder"),
            Truncation = Keep(root, "truncation"),
            Padding = Keep(root, "padding"),
        };
    }

    public static void Write(Utf8JsonWriter writer, TokenizerParts parts, IEnumerable<AddedToken> addedTokens)
    {
        writer.WriteStartObject();
        writer.WriteString("version", "1.0");
        WriteComponent(writer, "truncation", parts.Truncation);
        WriteComponent(writer, "padding", parts.Padding);
        writer.WriteStartArray("added_tokens");
        foreach (AddedToken token in addedTokens.OrderBy(t => t.Id)) token.Write(writer);
        writer.WriteEndArray();
        WriteComponent(writer, "normalizer", parts.Normalizer);
        WriteComponent(writer, "pre_tokenizer", parts.PreTokenizer);
        WriteComponent(writer, "post_processor", parts.PostProcessor);
        WriteComponent(writer, "decoder", parts.Decoder);
        writer.WritePropertyName("model");
        parts.Model.Write(writer);
        writer.WriteEndObject();
    }

    private static List<AddedToken> ReadAdded(JsonSpec spec, int modelSize)
    {
        if (spec.IsNull) return [];
        List<AddedToken> tokens = [];
        foreach (JsonSpec item in spec.Items())
        {
            AddedToken token = AddedToken.Read(item);
            if (token.Id > modelSize + LargestGap) throw item.Get("id").Error($"an id of {token.Id} in a vocabulary of {modelSize}.");
            tokens.Add(token);
        }
        return tokens;
    }

    /// <summary>A copy, so that the document with the whole vocabulary can be freed.</summary>
    private static JsonElement Keep(JsonSpec root, string name) => root.Get(name) is { IsNull: false } value ? value.Element.Clone() : default;

    private static void WriteComponent(Utf8JsonWriter writer, string name, JsonElement element)
    {
        writer.WritePropertyName(name);
        if (element.ValueKind == JsonValueKind.Undefined) writer.WriteNullValue();
        else element.WriteTo(writer);
    }
}
