using Hone.Models.Tokenizers.PostProcessors;
using Hone.Models.Tokenizers.PreTokenizers;
using Hone.Models.Tokenizers.Subwords;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers;

public sealed partial class Tokenizer
{
    /// <summary>Encodes a text, or a pair of texts, with everything that is known about each token.</summary>
    /// <exception cref="Core.HoneException">The text cannot be encoded, or truncation cannot be done as asked.</exception>
    public TokenEncoding EncodeDetailed(string text, string? pair = null, EncodeOptions? options = null)
    {
        options ??= new EncodeOptions();
        TokenEncoding encoding = EncodeUnpadded(text, pair, options);
        return options.Padding is { } padding ? encoding.Pad(PaddedLength(encoding.Count, padding), padding) : encoding;
    }

    /// <summary>Encodes several texts; padding without a length of its own fills up to the longest of them.</summary>
    public IReadOnlyList<TokenEncoding> EncodeBatch(IReadOnlyList<string> texts, EncodeOptions? options = null)
    {
        options ??= new EncodeOptions();
        List<TokenEncoding> encodings = [.. texts.Select(text => EncodeUnpadded(text, null, options))];
        if (options.Padding is not { } padding || encodings.Count == 0) return encodings;
        int length = PaddedLength(encodings.Max(e => e.Count), padding);
        return encodings.ConvertAll(e => e.Pad(length, padding));
    }

    private TokenEncoding EncodeUnpadded(string text, string? pair, EncodeOptions options)
    {
        List<TokenEncoding> encodings = [EncodeOne(text, options)];
        if (pair is not null) encodings.Add(EncodeOne(pair, options));
        int added = options.AddSpecialTokens ? postProcessor?.AddedCount(pair is not null) ?? 0 : 0;
        if (options.Truncation is { } truncation) encodings = Truncating.Apply(encodings, truncation, added);
        if (postProcessor is not null || pair is not null)
            for (int i = 0; i < encodings.Count; i++) encodings[i].SetSequence(i, i);
        if (postProcessor is not null) encodings = postProcessor.Process(encodings, options.AddSpecialTokens);
        return encodings.Count == 0 ? new TokenEncoding() : encodings.Aggregate((a, b) => a.Concat(b));
    }

    private TokenEncoding EncodeOne(string text, EncodeOptions options)
    {
        TokenEncoding encoding = new();
        TokenList tokens = new(withRanges: true);
        CodePointOffsets offsets = new(text);
        IReadOnlyList<Piece> pieces = PreTokenize(text, track: true, options.SpecialTokensAsText).Pieces;
        for (int word = 0; word < pieces.Count; word++)
        {
            Piece piece = pieces[word];
            tokens.Clear();
            if (piece.Id >= 0) tokens.Add(piece.Id, 0, piece.Text.Length, piece.Text.Span.ToString());
            else model.Tokenize(piece.Text.Span, tokens);
            for (int i = 0; i < tokens.Ids.Count; i++)
            {
                (int start, int end, string? surface) = tokens.Ranges[i];
                (start, end) = piece.Text.OriginalRange(start, end);
                encoding.Add(tokens.Ids[i], surface ?? FindToken(tokens.Ids[i])!, (offsets[start], offsets[end]), 0, word, special: false);
            }
        }
        return encoding;
    }

    private static int PaddedLength(int longest, Padding padding)
    {
        int length = padding.Length ?? longest, multiple = padding.PadToMultipleOf;
        return multiple > 1 && length % multiple > 0 ? length + multiple - length % multiple : length;
    }

    /// <summary>UTF-16 index to code point index.</summary>
    private sealed class CodePointOffsets
    {
        private readonly int[]? map;

        public CodePointOffsets(string text)
        {
            if (!text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) return;
            map = new int[text.Length + 1];
            int count = 0;
            for (int i = 0; i < text.Length; count++)
            {
                CodePoints.At(text, i, out int size);
                map.AsSpan(i, size).Fill(count);
                i += size;
            }
            map[text.Length] = count;
        }

        public int this[int index] => map is null ? index : map[Math.Min(index, map.Length - 1)];
    }
}
