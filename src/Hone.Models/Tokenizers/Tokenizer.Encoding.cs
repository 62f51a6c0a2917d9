using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.PreTokenizers;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers;

public sealed partial class Tokenizer
{
    private bool needsOrigin;
    private BpeModel? fastModel;
    private PieceScanner[] fastScanners = [];
    private bool fastPrefixSpace;

    /// <summary>The ids of a text. Never cut or padded.</summary>
    /// <param name="addSpecialTokens">Lets the post-processor add its tokens, e.g. a beginning of sequence.</param>
    /// <exception cref="Core.HoneException">The text cannot be encoded: no unknown token, or a pattern that backtracks without end.</exception>
    public int[] Encode(string text, bool addSpecialTokens = true)
    {
        List<int> ids = new(text.Length / 4 + 4);
        Encode(text, ids, addSpecialTokens);
        return [.. ids];
    }

    /// <summary>Appends the ids of a text to a list; allocates little for byte-level tokenizers.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> ids, bool addSpecialTokens = true)
    {
        (int[] Before, int[] After)? frame = addSpecialTokens ? SingleFrame : ([], []);
        if (frame is not var (before, after))
        {
            ids.AddRange(EncodeDetailed(text.ToString()).Ids);
            return;
        }
        ids.AddRange(before);
        EncodePlain(text, ids, specialTokensAsText: false);
        ids.AddRange(after);
    }

    /// <summary>Ids without added tokens, with special tokens in the text taken as text if asked.</summary>
    internal void EncodePlain(ReadOnlySpan<char> text, List<int> ids, bool specialTokensAsText)
    {
        if (fastModel is not null)
        {
            EncodeFast(text, ids, specialTokensAsText);
            return;
        }
        TokenList target = new(withRanges: false);
        foreach (Piece piece in PreTokenize(text, needsOrigin, specialTokensAsText).Pieces)
        {
            if (piece.Id >= 0) ids.Add(piece.Id);
            else model.Tokenize(piece.Text.Span, target);
            ids.AddRange(target.Ids);
            target.Clear();
        }
    }

    /// <summary>Cuts at added tokens, normalizes what lies between, cuts again at normalized ones, then pre-tokenizes.</summary>
    private PreTokenizedText PreTokenize(ReadOnlySpan<char> text, bool track, bool specialTokensAsText)
    {
        PreTokenizedText result = new(AlignedText.From(text, track));
        result.Split((piece, parts) => SplitAtAdded(piece, rawMatcher, specialTokensAsText, parts));
        result.Split((piece, parts) =>
        {
            normalizer?.Apply(piece);
            SplitAtAdded(piece, normalizedMatcher, specialTokensAsText, parts);
        });
        preTokenizer?.Split(result);
        return result;
    }

    private static void SplitAtAdded(AlignedText text, AddedTokenMatcher matcher, bool specialTokensAsText, List<Piece> parts)
    {
        if (!matcher.MayMatch(text.Span))
        {
            parts.Add(new(text.Slice(0, text.Length), -1));
            return;
        }
        foreach ((int start, int end, int id) in matcher.Find(text.Span, specialTokensAsText)) parts.Add(new(text.Slice(start, end), id));
    }

    /// <summary>
    /// Byte-level BPE whose pre-tokenizers only cut needs neither the pieces nor the byte alphabet spelt out.
    /// </summary>
    private void FindFastPath()
    {
        PreTokenizer[] steps = preTokenizer is null ? [] : [.. preTokenizer.Steps];
        needsOrigin = steps.Any(s => s is MetaspacePreTokenizer { NeedsOrigin: true });
        if (model is not BpeModel { EncodesRawWords: true } bpe || steps.Length == 0) return;
        if (steps[^1] is not ByteLevelPreTokenizer last || (last.AddPrefixSpace && steps.Length > 1)) return;
        List<PieceScanner> scanners = [];
        foreach (PreTokenizer step in steps[..^1])
        {
            PieceScanner? scanner = step switch
            {
                DigitsPreTokenizer digits => new DigitScanner(digits.Individual),
                SplitPreTokenizer split => split.Scanner,
                _ => null,
            };
            if (scanner is null) return;
            scanners.Add(scanner);
        }
        if (last.Scanner is not null) scanners.Add(last.Scanner);
        (fastModel, fastScanners, fastPrefixSpace) = (bpe, [.. scanners], last.AddPrefixSpace);
    }

    private void EncodeFast(ReadOnlySpan<char> text, List<int> ids, bool specialTokensAsText)
    {
        if (!rawMatcher.MayMatch(text))
        {
            EncodeNormalized(text, ids, specialTokensAsText);
            return;
        }
        foreach ((int start, int end, int id) in rawMatcher.Find(text, specialTokensAsText))
        {
            if (id >= 0) ids.Add(id);
            else EncodeNormalized(text[start..end], ids, specialTokensAsText);
        }
    }

    private void EncodeNormalized(ReadOnlySpan<char> text, List<int> ids, bool specialTokensAsText)
    {
        if (normalizer is not null && !normalizer.LeavesAlone(text)) text = normalizer.Apply(text.ToString());
        if (!normalizedMatcher.MayMatch(text))
        {
            EncodeWords(text, ids);
            return;
        }
        foreach ((int start, int end, int id) in normalizedMatcher.Find(text, specialTokensAsText))
        {
            if (id >= 0) ids.Add(id);
            else EncodeWords(text[start..end], ids);
        }
    }

    private void EncodeWords(ReadOnlySpan<char> text, List<int> ids)
    {
        if (text.Length == 0) return;
        if (fastPrefixSpace && text[0] != ' ') text = string.Concat(" ", text);
        fastModel!.EncodeWords(text, fastScanners, ids);
    }
}
