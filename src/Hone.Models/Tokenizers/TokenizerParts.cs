using System.Text.Json;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers;

/// <summary>
/// What a tokenizer is made of: the model, the added tokens, and the components in the form in which they stand in a
/// tokenizer.json, whatever format they came from. So saving writes back what was read.
/// </summary>
internal sealed record TokenizerParts(SubwordModel Model, IReadOnlyList<AddedToken> AddedTokens)
{
    /// <summary>Stands in error messages: a file name.</summary>
    public string Source { get; init; } = "tokenizer.json";

    public JsonElement Normalizer { get; init; }

    public JsonElement PreTokenizer { get; init; }

    public JsonElement PostProcessor { get; init; }

    public JsonElement Decoder { get; init; }

    public JsonElement Truncation { get; init; }

    public JsonElement Padding { get; init; }

    public SpecialTokenNames Names { get; init; } = new();

    public JsonSpec Component(JsonElement element, string name) => new(element, $"{Source}: $.{name}");

    /// <summary>A component written by us as JSON.</summary>
    public static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement.Clone();
}
