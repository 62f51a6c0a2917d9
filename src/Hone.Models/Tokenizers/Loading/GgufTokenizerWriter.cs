using System.Text;
using System.Text.Json;
using Hone.Core;
using Hone.Models.Formats;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>
/// Writes a tokenizer as metadata of a GGUF file (keys <c>tokenizer.ggml.*</c>), the opposite of <see cref="GgufTokenizer"/>. What was
/// written is read again and compared on sample texts; where these lists cannot say what the tokenizer does, the whole
/// tokenizer.json goes along, under the key the format has for it, and Hone reads that.
/// </summary>
internal sealed class GgufTokenizerWriter
{
    private const int Normal = 1, Unknown = 2, Control = 3, UserDefined = 4, Unused = 5, Byte = 6;

    private static readonly string[] Samples =
    [
        "Once upon a time, there were 1234 little foxes (and 56 hens).", "It's \"John's\" idea -- isn't it?\n\nYes!  No...\tMaybe", "  two spaces in front, and behind  ",
        "naïve cafe\u0301, Übergröße, 東京タワー, привет, 🙂👍🏽", "def f(x):\n    return x**2 + 3.5e-7 # done\r\n", "{\"a\": [1, 2, null], \"b\": \"c\\\\d\"}", "McDonald HTTPServer x_1 a/b",
    ];

    private readonly Tokenizer tokenizer;
    private readonly GgufMetadata metadata;
    private readonly int size;

    private GgufTokenizerWriter(Tokenizer tokenizer, GgufMetadata metadata, int size) => (this.tokenizer, this.metadata, this.size) = (tokenizer, metadata, size);

    /// <summary>Adds the keys.</summary>
    /// <param name="tokenizer">What to write.</param>
    /// <param name="metadata">Gets the keys.</param>
    /// <param name="size">Rows of the model's embedding; ids without a token are written as unused.</param>
    /// <returns>A sentence when other programs may cut some texts differently, else null.</returns>
    /// <exception cref="HoneException">The tokenizer has more tokens than the model.</exception>
    public static string? Write(Tokenizer tokenizer, GgufMetadata metadata, int size)
    {
        if (tokenizer.VocabularySize > size) throw new HoneException($"the tokenizer has {tokenizer.VocabularySize} tokens, the model {size}: they do not belong together.");
        GgufTokenizerWriter writer = new(tokenizer, metadata, size);
        string? difference = writer.WriteLists();
        if (difference is not null) metadata.Set(GgufTokenizer.WholeKey, GgufValue.Of(writer.WholeJson()));
        return difference;
    }

    private string? WriteLists()
    {
        WriteIds();
        switch (tokenizer.Model)
        {
            case BpeModel { Options.ByteFallback: true } bpe:
                WriteTokens("llama");
                metadata.Set("tokenizer.ggml.scores", GgufValue.Of(MergeScores(bpe)));
                return TryPrefixes();
            case BpeModel bpe when tokenizer.DecoderOrNull is Decoders.ByteLevelDecoder || GgufPreTokenizers.NamesOf(tokenizer.Parts.PreTokenizer).Any():
                WriteTokens("gpt2");
                metadata.Set("tokenizer.ggml.merges", GgufValue.Of(bpe.Merges.Select(merge => $"{merge.Left} {merge.Right}").ToArray()));
                return TryPreTokenizer(bpe);
            case UnigramModel unigram:
                WriteTokens("t5");
                metadata.Set("tokenizer.ggml.scores", GgufValue.Of((float[])[.. unigram.Scores.Select(s => (float)s), .. new float[size - unigram.Scores.Count]]));
                metadata.Set("tokenizer.ggml.add_space_prefix", GgufValue.Of(true));
                return Inexact; // normalizers of this kind are tables that GGUF has no key for
            case WordPieceModel:
                WriteTokens("bert");
                return Inexact;
            default:
                metadata.Set("tokenizer.ggml.model", GgufValue.Of("none"));
                return $"llama.cpp has no form for this {tokenizer.Kind} tokenizer: there the file works by token ids only.";
        }
    }

    private void WriteTokens(string kind)
    {
        string[] tokens = new string[size];
        int[] types = new int[size];
        Dictionary<int, AddedToken> added = tokenizer.AddedTokens.ToDictionary(token => token.Id);
        string? unknown = tokenizer.Model.UnknownToken;
        for (int id = 0; id < size; id++)
        {
            string? token = tokenizer.FindToken(id);
            tokens[id] = token is null ? $"[PAD{id}]" : kind == "bert" && !added.ContainsKey(id) ? PhantomSpace(token) : token;
            types[id] = token is null ? Unused
                : token == unknown ? Unknown
                : added.TryGetValue(id, out AddedToken? entry) ? entry.Special ? Control : UserDefined
                : kind is "llama" or "t5" && Decoders.ByteFallbackDecoder.TryParse(token, out _) ? Byte : Normal;
        }
        metadata.Set("tokenizer.ggml.model", GgufValue.Of(kind));
        metadata.Set("tokenizer.ggml.tokens", GgufValue.Of(tokens));
        metadata.Set("tokenizer.ggml.token_type", GgufValue.Of(types));
    }

    /// <summary>WordPiece in GGUF marks the pieces that begin a word instead of those that go on.</summary>
    private static string PhantomSpace(string token) => token.StartsWith("##", StringComparison.Ordinal) ? token[2..] : "\u2581" + token;

    private void WriteIds()
    {
        int[] frame = tokenizer.Encode("");
        // A token that encoding always puts first begins a sequence, even if no one calls it so.
        int? bosId = tokenizer.BosId ?? (frame.Length == 1 && frame[0] != tokenizer.EosId ? frame[0] : null);
        Set("bos", bosId);
        Set("eos", tokenizer.EosId);
        Set("unknown", tokenizer.UnkId);
        Set("padding", tokenizer.PadId);
        Set("seperator", Named(tokenizer.Names.Sep)); // the key is spelt so in GGUF
        Set("cls", Named(tokenizer.Names.Cls));
        Set("mask", Named(tokenizer.Names.Mask));
        bool bos = frame.Length > 0 && frame[0] == bosId;
        metadata.Set("tokenizer.ggml.add_bos_token", GgufValue.Of(bos));
        metadata.Set("tokenizer.ggml.add_eos_token", GgufValue.Of(frame.Length > (bos ? 1 : 0) && frame[^1] == tokenizer.EosId));
        if (tokenizer.ChatTemplate is { } template) metadata.Set("tokenizer.chat_template", GgufValue.Of(template));

        int? Named(string? token) => token is null ? null : tokenizer.IdOf(token);
        void Set(string role, int? id)
        {
            if (id is { } found) metadata.Set($"tokenizer.ggml.{role}_token_id", GgufValue.Of((uint)found));
        }
    }

    /// <summary>A list of merges as scores: what merges earlier scores higher; what never merges scores below all of these.</summary>
    private float[] MergeScores(BpeModel bpe)
    {
        float[] scores = new float[size];
        Array.Fill(scores, -1e6f - bpe.Merges.Count);
        for (int rank = bpe.Merges.Count - 1; rank >= 0; rank--)
            if (bpe.Vocabulary.IdOf(bpe.Merges[rank].Left + bpe.Merges[rank].Right) is { } id) scores[id] = -rank;
        return scores;
    }

    private string? TryPrefixes()
    {
        foreach (bool prefix in new[] { true, false })
        {
            metadata.Set("tokenizer.ggml.add_space_prefix", GgufValue.Of(prefix));
            if (ReadsBackTheSame()) return null;
        }
        metadata.Set("tokenizer.ggml.add_space_prefix", GgufValue.Of(tokenizer.FindToken(tokenizer.Encode("a", addSpecialTokens: false).FirstOrDefault())?.StartsWith('\u2581') ?? false));
        return Inexact;
    }

    private string? TryPreTokenizer(BpeModel bpe)
    {
        string[] names = [.. GgufPreTokenizers.NamesOf(tokenizer.Parts.PreTokenizer)];
        foreach (string name in names.DistinctBy(name => (GgufPreTokenizers.IgnoresMerges(name), GgufPreTokenizers.Composes(name))))
        {
            metadata.Set("tokenizer.ggml.pre", GgufValue.Of(name));
            if (ReadsBackTheSame()) return null;
        }
        metadata.Set("tokenizer.ggml.pre", GgufValue.Of(bpe.Options.IgnoreMerges ? GgufPreTokenizers.WholeWords : names.FirstOrDefault() ?? "default"));
        return Inexact;
    }

    private static string Inexact => "GGUF's lists cannot say exactly what this tokenizer does: llama.cpp may cut some texts differently. Hone reads the file exactly.";

    private bool ReadsBackTheSame()
    {
        Tokenizer again = Tokenizer.FromGguf(metadata);
        IEnumerable<string> words = Enumerable.Range(0, tokenizer.VocabularySize).Where(id => !tokenizer.IsSpecial(id)).Select(id => tokenizer.Decode([id])).Where(text => text.Length > 0 && !text.Contains('\uFFFD'));
        return Samples.Concat([string.Concat(words.Take(3000)), string.Join(' ', words.Take(3000))])
            .All(text => tokenizer.Encode(text).AsSpan().SequenceEqual(again.Encode(text)));
    }

    private string WholeJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, TokenizerJson.WriterOptions)) TokenizerJson.Write(writer, tokenizer.Parts, tokenizer.AddedTokens);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
