using System.Runtime.InteropServices;
using System.Text.Json;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.PreTokenizers;

namespace Hone.Models.Tokenizers.Training;

/// <summary>Normalizes and pre-tokenizes training texts and counts the words.</summary>
internal static class WordCounts
{
    /// <summary>Word to the number of times it occurs, in order of first occurrence.</summary>
    public static Dictionary<string, long> Of(IEnumerable<string> texts, JsonElement normalizerSpec, JsonElement preTokenizerSpec)
    {
        Normalizer? normalizer = Normalizer.Read(new(normalizerSpec, "normalizer"));
        PreTokenizer? preTokenizer = PreTokenizer.Read(new(preTokenizerSpec, "pre_tokenizer"));
        Dictionary<string, long> counts = new(StringComparer.Ordinal);
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = counts.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
        {
            AlignedText aligned = AlignedText.From(text, track: preTokenizer?.Steps.Any(s => s is MetaspacePreTokenizer { NeedsOrigin: true }) ?? false);
            normalizer?.Apply(aligned);
            PreTokenizedText pieces = new(aligned);
            preTokenizer?.Split(pieces);
            foreach (Piece piece in pieces.Pieces) CollectionsMarshal.GetValueRefOrAddDefault(lookup, piece.Text.Span, out _)++;
        }
        return counts;
    }

    /// <summary>A component's JSON, or nothing.</summary>
    public static JsonElement Spec(string? json) => json is null ? default : TokenizerParts.Json(json);
}
