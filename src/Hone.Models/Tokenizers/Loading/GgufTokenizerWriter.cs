using System.Text.Json;
using Hone.Core;
using Hone.Models.Formats;
using Hone.Models.Tokenizers.Decoders;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>
/// Writes a tokenizer into GGUF metadata, for other programs as <c>tokenizer.ggml.*</c>. What these keys cannot say exactly
/// is kept whole under <c>tokenizer.huggingface.json</c>, the key that the format reserves for it and that Hone reads first.
/// </summary>
internal sealed class GgufTokenizerWriter(Tokenizer tokenizer, GgufMetadata metadata)
{
    public const string WholeKey = "tokenizer.huggingface.json";
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;
    private readonly TokenizerParts parts = tokenizer.Parts;

    /// <exception cref="HoneException">A kind of tokenizer that GGUF has no name for.</exception>
    public void Write()
    {
        Set("model", GgufValue.Of(Kind()));
        string[] tokens = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(Spelling)];
        Set("tokens", GgufValue.Of(tokens));
        Set("token_type", GgufValue.Of(Enumerable.Range(0, tokens.Length).Select(TypeOf).ToArray()));
        WriteModel(tokens);
        WriteRoles();
        if (tokenizer.ChatTemplate is { } template) metadata.Set("tokenizer.chat_template", GgufValue.Of(template));
        if (!IsExact()) metadata.Set(WholeKey, GgufValue.Of(WholeJson()));
    }

    private string Kind() => parts.Model switch
    {
        BpeModel { Options.ByteFallback: true } => "llama",
        BpeModel when tokenizer.DecoderOrNull?.Steps.Any(s => s is ByteLevelDecoder) == true => "gpt2",
        UnigramModel => "t5",
        WordPieceModel => "bert",
        _ => throw new HoneException("GGUF holds byte-level BPE, BPE with byte fallback, unigram and WordPiece tokenizers; this one is none of them."),
    };

    private void Set(string key, GgufValue value) => metadata.Set($"tokenizer.ggml.{key}", value);

    /// <summary>Ids without a token get a name that text never has.</summary>
    private string Spelling(int id)
    {
        string token = tokenizer.FindToken(id) ?? $"[UNUSED{id}]";
        if (parts.Model is not WordPieceModel || TypeOf(id) != Normal) return token;
        return token.StartsWith("##", StringComparison.Ordinal) ? token[2..] : "\u2581" + token;
    }

    private int TypeOf(int id)
    {
        if (tokenizer.FindToken(id) is not { } token) return Unused;
        if (token == parts.Model.UnknownToken && parts.Model is not WordPieceModel) return Unknown;
        if (tokenizer.AddedTokens.FirstOrDefault(t => t.Id == id) is { } added) return added.Special ? Control : UserDefined;
        return parts.Model is BpeModel { Options.ByteFallback: true } or UnigramModel && ByteFallbackDecoder.TryParse(token, out _) ? Byte : Normal;
    }

    private void WriteModel(string[] tokens)
    {
        switch (parts.Model)
        {
            case BpeModel { Options.ByteFallback: true } bpe:
                Set("scores", GgufValue.Of(ScoresOf(bpe, tokens.Length)));
                Set("add_space_prefix", GgufValue.Of(parts.Normalizer.ValueKind == JsonValueKind.Object && parts.Normalizer.GetRawText().Contains("Prepend", StringComparison.Ordinal)));
                break;
            case BpeModel bpe:
                Set("pre", GgufValue.Of(GgufPreTokenizers.NameOf(parts.PreTokenizer, bpe.Options.IgnoreMerges) ?? "default"));
                Set("merges", GgufValue.Of(bpe.Merges.Select(m => $"{m.Left} {m.Right}").ToArray()));
                break;
            case UnigramModel unigram:
                float[] scores = [.. unigram.Scores.Select(s => (float)s), .. new float[tokens.Length - unigram.Scores.Count]];
                Set("scores", GgufValue.Of(scores));
                Set("add_space_prefix", GgufValue.Of(true));
                Set("remove_extra_whitespaces", GgufValue.Of(parts.Normalizer.ValueKind == JsonValueKind.Object && parts.Normalizer.GetRawText().Contains(" {2,}", StringComparison.Ordinal)));
                break;
            default:
                break;
        }
    }

    /// <summary>A piece's score is the rank of the first merge that makes it, negated: earlier merges score higher.</summary>
    private static float[] ScoresOf(BpeModel bpe, int count)
    {
        float[] scores = new float[count];
        for (int rank = bpe.Merges.Count - 1; rank >= 0; rank--)
            scores[bpe.Vocabulary.IdOf(bpe.Merges[rank].Left + bpe.Merges[rank].Right)!.Value] = -rank - 1;
        return scores;
    }

    /// <summary>A token that encoding always puts first counts as the beginning of a sequence, even if no one calls it so.</summary>
    private void WriteRoles()
    {
        SpecialTokenNames names = tokenizer.Names;
        (int[] before, int[] after) = tokenizer.SingleFrame ?? ([], []);
        string? bos = names.Bos ?? (before is [int only] ? tokenizer.FindToken(only) : null);
        string? eos = names.Eos ?? (after is [int end] ? tokenizer.FindToken(end) : null);
        (string Role, string? Token)[] roles = [("bos", bos), ("eos", eos), ("unknown", names.Unk ?? parts.Model.UnknownToken), ("padding", names.Pad), ("seperator", names.Sep), ("cls", names.Cls), ("mask", names.Mask)];
        foreach ((string role, string? token) in roles)
            if (token is not null && tokenizer.IdOf(token) is { } id) Set($"{role}_token_id", GgufValue.Of((uint)id));
        Set("add_bos_token", GgufValue.Of(bos is not null && before is [int first] && first == tokenizer.IdOf(bos)));
        Set("add_eos_token", GgufValue.Of(eos is not null && after is [int last] && last == tokenizer.IdOf(eos)));
    }

    /// <summary>Whether reading the keys back gives the same tokenizer.</summary>
    private bool IsExact()
    {
        Tokenizer again = new(GgufTokenizer.ReadKeys(metadata));
        return JsonElement.DeepEquals(Comparable(parts.Normalizer), Comparable(again.Parts.Normalizer))
            && GgufPreTokenizers.Meaning(parts.PreTokenizer) == GgufPreTokenizers.Meaning(again.Parts.PreTokenizer)
            && Frame(tokenizer) == Frame(again)
            && tokenizer.AddedTokens.OrderBy(t => t.Id).SequenceEqual(again.AddedTokens.OrderBy(t => t.Id))
            && parts.Model is BpeModel own && again.Model is BpeModel read && own.Options == read.Options && own.Merges.SequenceEqual(read.Merges);
    }

    private static JsonElement Comparable(JsonElement element) => element.ValueKind == JsonValueKind.Undefined ? TokenizerParts.Json("null") : element;

    private static string Frame(Tokenizer tokenizer) =>
        tokenizer.SingleFrame is var (before, after) ? $"{string.Join(' ', before)} | {string.Join(' ', after)}" : "other";

    private string WholeJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, TokenizerJson.WriterOptions with { Indented = false }))
            TokenizerJson.Write(writer, parts, tokenizer.AddedTokens);
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }
}
