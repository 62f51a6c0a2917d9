using System.Text.Json;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// Longest match first from the left (Wu et al. 2016, as BERT uses it); a piece with any unmatched rest, or one that is too
/// long, is the unknown token.
/// </summary>
internal sealed class WordPieceModel(Vocabulary vocabulary, string unknown, string prefix, int longest) : SubwordModel
{
    public override Vocabulary Vocabulary => vocabulary;

    public override string? UnknownToken => unknown;

    public static new WordPieceModel Read(JsonSpec spec) => new(
        Vocabulary.Read(spec.Get("vocab")),
        spec.OptionalText("unk_token") ?? "[UNK]",
        spec.OptionalText("continuing_subword_prefix") ?? "##",
        spec.Get("max_input_chars_per_word").IsNull ? 100 : spec.Int("max_input_chars_per_word"));

    public override void Tokenize(ReadOnlySpan<char> piece, TokenList target)
    {
        if (piece.Length > 2 * longest || CodePoints.Count(piece) > longest)
        {
            target.Add(RequireUnknown(piece), 0, piece.Length);
            return;
        }
        Span<(int Id, int End)> parts = piece.Length <= 256 ? stackalloc (int, int)[piece.Length] : new (int, int)[piece.Length];
        int count = 0;
        for (int start = 0; start < piece.Length; start = parts[count - 1].End)
        {
            if (!TryMatch(piece, start, out parts[count]))
            {
                target.Add(RequireUnknown(piece), 0, piece.Length);
                return;
            }
            count++;
        }
        for (int i = 0; i < count; i++) target.Add(parts[i].Id, i == 0 ? 0 : parts[i - 1].End, parts[i].End);
    }

    private bool TryMatch(ReadOnlySpan<char> piece, int start, out (int Id, int End) match)
    {
        int lead = start == 0 ? 0 : prefix.Length, length = lead + piece.Length - start;
        Span<char> text = length <= 512 ? stackalloc char[length] : new char[length];
        prefix.AsSpan(0, lead).CopyTo(text);
        piece[start..].CopyTo(text[lead..]);
        for (int end = length; end > lead;)
        {
            if (vocabulary.TryGetId(text[..end], out int id))
            {
                match = (id, start + end - lead);
                return true;
            }
            CodePoints.Before(text, end, out int size);
            end -= size;
        }
        match = default;
        return false;
    }

    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "WordPiece");
        writer.WriteString("unk_token", unknown);
        writer.WriteString("continuing_subword_prefix", prefix);
        writer.WriteNumber("max_input_chars_per_word", longest);
        WriteVocabulary(writer, vocabulary);
        writer.WriteEndObject();
    }
}
