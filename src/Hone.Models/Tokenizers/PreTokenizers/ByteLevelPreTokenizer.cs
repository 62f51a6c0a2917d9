using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.PreTokenizers;

/// <summary>GPT-2's: optionally a space in front, split by its expression, then bytes as visible characters.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private static readonly ScannerPattern Gpt2 = new(new Gpt2Scanner());

    public bool AddPrefixSpace => addPrefixSpace;

    public PieceScanner? Scanner => useRegex ? Gpt2.Scanner : null;

    public override void Split(PreTokenizedText text)
    {
        text.Split((piece, parts) =>
        {
            if (addPrefixSpace && piece.Span[0] != ' ') piece.Prepend(" ");
            if (useRegex) PreTokenizedText.SplitOne(piece, Gpt2, SplitBehavior.Isolated, false, parts);
            else parts.Add(new(piece, -1));
        });
        foreach (Piece piece in text.Pieces)
            if (piece.Id < 0) ByteAlphabet.Encode(piece.Text);
    }
}
