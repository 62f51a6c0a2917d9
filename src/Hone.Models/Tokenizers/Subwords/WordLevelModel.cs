using System.Text.Json;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>Whole pieces or the unknown token.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, string? unknown) : SubwordModel
{
    public override Vocabulary Vocabulary => vocabulary;

    public override string? UnknownToken => unknown;

    public static new WordLevelModel Read(JsonSpec spec) => new(Vocabulary.Read(spec.Get("vocab")), spec.OptionalText("unk_token"));

    public override void Tokenize(ReadOnlySpan<char> piece, TokenList target) =>
        target.Add(vocabulary.TryGetId(piece, out int id) ? id : RequireUnknown(piece), 0, piece.Length);

    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "WordLevel");
        WriteVocabulary(writer, vocabulary);
        writer.WriteString("unk_token", unknown ?? "");
        writer.WriteEndObject();
    }
}
