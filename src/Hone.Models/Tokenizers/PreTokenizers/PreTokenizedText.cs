using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.Patterns;

namespace Hone.Models.Tokenizers.PreTokenizers;

/// <summary>A piece of text; <paramref name="Id"/> is the added token it is, or -1.</summary>
internal readonly record struct Piece(AlignedText Text, int Id);

/// <summary>Text cut into pieces, first at added tokens, then by pre-tokenizers. Pieces are never empty.</summary>
internal sealed class PreTokenizedText
{
    private List<Piece> pieces = [];

    public PreTokenizedText(AlignedText text)
    {
        if (text.Length > 0) pieces.Add(new(text, -1));
    }

    public IReadOnlyList<Piece> Pieces => pieces;

    /// <summary>Replaces each piece that is not an added token by what <paramref name="split"/> puts into the list.</summary>
    public void Split(Action<AlignedText, List<Piece>> split)
    {
        List<Piece> result = new(pieces.Count), parts = [];
        foreach (Piece piece in pieces)
        {
            if (piece.Id >= 0)
            {
                result.Add(piece);
                continue;
            }
            parts.Clear();
            split(piece.Text, parts);
            foreach (Piece part in parts)
                if (part.Text.Length > 0) result.Add(part);
        }
        pieces = result;
    }

    /// <summary>Splits every piece at a pattern.</summary>
    public void Split(TextPattern pattern, SplitBehavior behavior, bool invert = false) =>
        Split((text, parts) => SplitOne(text, pattern, behavior, invert, parts));

    /// <summary>Splits one text at a pattern.</summary>
    public static void SplitOne(AlignedText text, TextPattern pattern, SplitBehavior behavior, bool invert, List<Piece> parts)
    {
        foreach (Segment segment in Splitting.Apply(pattern.Find(text.Span, invert), behavior))
            parts.Add(new(text.Slice(segment.Start, segment.End), -1));
    }
}
