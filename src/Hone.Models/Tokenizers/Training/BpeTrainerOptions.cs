namespace Hone.Models.Tokenizers.Training;

/// <summary>How a byte pair encoding is learned. Defaults are those of the reference library.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>
    /// Size to stop at, special tokens and alphabet included. Smaller than those two together it has no effect.
    /// </summary>
    public int VocabularySize { get; init; } = 30000;

    /// <summary>A pair that occurs less often is not merged. Default 0.</summary>
    public long MinFrequency { get; init; }

    /// <summary>Get the first ids, and are found in text as special tokens.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = [];

    /// <summary>Characters to have even when the texts lack them.</summary>
    public IReadOnlyList<string> InitialAlphabet { get; init; } = [];

    /// <summary>Keeps only so many characters, the most frequent; null for all.</summary>
    public int? LimitAlphabet { get; init; }

    /// <summary>Tokens are shorter than this, in characters; exclusive, as in the reference. Null for no limit.</summary>
    public int? MaxTokenLength { get; init; }

    /// <summary>Put before characters that do not begin a word, e.g. <c>##</c>.</summary>
    public string ContinuingSubwordPrefix { get; init; } = "";

    /// <summary>Put after the last character of a word, e.g. <c>&lt;/w&gt;</c>.</summary>
    public string EndOfWordSuffix { get; init; } = "";

    /// <summary>Token for characters outside the alphabet; null lets them vanish. Not needed with all 256 bytes.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Token that ends sequences, one of the special tokens; null for none.</summary>
    public string? EosToken { get; init; }

    /// <summary>The normalizer, as it stands in a tokenizer.json; null for none.</summary>
    public string? NormalizerJson { get; init; }

    /// <summary>The pre-tokenizer, as it stands in a tokenizer.json; null for none. Default: byte-level with GPT-2's pattern.</summary>
    public string? PreTokenizerJson { get; init; } = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";

    /// <summary>The decoder, as it stands in a tokenizer.json; null for none. Default: byte-level.</summary>
    public string? DecoderJson { get; init; } = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";

    /// <summary>
    /// Byte-level with all 256 bytes: any text encodes and decodes back exactly, with the given special tokens.
    /// </summary>
    public static BpeTrainerOptions ByteLevel(int vocabularySize, IReadOnlyList<string>? specialTokens = null, string? eosToken = null) => new()
    {
        VocabularySize = vocabularySize,
        MinFrequency = 2,
        SpecialTokens = specialTokens ?? (eosToken is null ? [] : [eosToken]),
        EosToken = eosToken,
        InitialAlphabet = ByteAlphabetCharacters,
    };

    /// <summary>The 256 characters that stand for bytes in byte-level vocabularies.</summary>
    public static IReadOnlyList<string> ByteAlphabetCharacters { get; } = [.. Subwords.ByteAlphabet.Chars.ToArray().Select(c => c.ToString())];
}
