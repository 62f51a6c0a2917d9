using System.Text.Json;
using Hone.Core;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Turns one piece of pre-tokenized text into tokens. Safe for use by several threads.</summary>
internal abstract class SubwordModel
{
    public abstract Vocabulary Vocabulary { get; }

    /// <summary>The token for what the vocabulary does not have; null when there is none.</summary>
    public abstract string? UnknownToken { get; }

    /// <summary>Appends the tokens of <paramref name="piece"/>, which is not empty.</summary>
    public abstract void Tokenize(ReadOnlySpan<char> piece, TokenList target);

    /// <summary>Writes the object that stands at <c>$.model</c> of a tokenizer.json.</summary>
    public abstract void Write(Utf8JsonWriter writer);

    /// <summary>Reads <c>$.model</c>. Files of older versions leave the type out; it is told by the members then.</summary>
    /// <exception cref="HoneException">Unknown type or malformed content.</exception>
    public static SubwordModel Read(JsonSpec spec)
    {
        string type = spec.OptionalText("type") ?? Guess(spec);
        return type switch
        {
            "BPE" => BpeModel.Read(spec),
            "Unigram" => UnigramModel.Read(spec),
            "WordPiece" => WordPieceModel.Read(spec),
            "WordLevel" => WordLevelModel.Read(spec),
            _ => throw spec.Error(HoneException.Unknown("tokenizer model", type, ["BPE", "Unigram", "WordPiece", "WordLevel"]).Message),
        };
    }

    private static string Guess(JsonSpec spec)
    {
        if (!spec.Get("merges").IsNull) return "BPE";
        if (spec.Get("vocab").Element.ValueKind == JsonValueKind.Array) return "Unigram";
        return spec.Get("max_input_chars_per_word").IsNull ? "WordLevel" : "WordPiece";
    }

    protected static void WriteVocabulary(Utf8JsonWriter writer, Vocabulary vocabulary)
    {
        writer.WriteStartObject("vocab");
        foreach ((string token, int id) in vocabulary.Ordered()) writer.WriteNumber(token, id);
        writer.WriteEndObject();
    }

    /// <summary>Id of the unknown token, needed because <paramref name="piece"/> is not in the vocabulary.</summary>
    protected int RequireUnknown(ReadOnlySpan<char> piece) => UnknownToken is { } token && Vocabulary.IdOf(token) is { } id
        ? id
        : throw new HoneException($"'{piece[..Math.Min(piece.Length, 40)]}' is not in the vocabulary, and the tokenizer has no unknown token.");
}
