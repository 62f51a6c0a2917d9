using System.Text.Json;
using Hone.Core;
using Hone.Models.Formats;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>Reads the tokenizer in the metadata of a GGUF file (keys <c>tokenizer.ggml.*</c>).</summary>
internal sealed class GgufTokenizer
{
    private const int Unknown = 2, Control = 3, UserDefined = 4, Byte = 6;

    /// <summary>A whole tokenizer.json, which says more than the lists can.</summary>
    internal const string WholeKey = "tokenizer.huggingface.json";

    private readonly GgufMetadata metadata;
    private readonly string kind;
    private readonly string[] tokens;
    private readonly long[] types;

    private GgufTokenizer(GgufMetadata metadata)
    {
        this.metadata = metadata;
        kind = metadata.Text("tokenizer.ggml.model") ?? throw new HoneException("the GGUF file has no tokenizer: metadata 'tokenizer.ggml.model' is missing.");
        tokens = metadata.Strings("tokenizer.ggml.tokens") ?? throw new HoneException("the GGUF file has a tokenizer without tokens: metadata 'tokenizer.ggml.tokens' is missing.");
        types = metadata.Integers("tokenizer.ggml.token_type") ?? new long[tokens.Length];
        if (types.Length != tokens.Length) throw new HoneException($"GGUF metadata: {tokens.Length} tokens but {types.Length} token types.");
    }

    /// <exception cref="HoneException">No tokenizer, an unknown kind, or lists that do not fit together.</exception>
    public static TokenizerParts Read(GgufMetadata metadata)
    {
        if (metadata.Text(WholeKey) is { } whole) return ReadWhole(metadata, whole);
        GgufTokenizer reader = new(metadata);
        TokenizerParts parts = reader.kind switch
        {
            "gpt2" => reader.ReadByteLevel(),
            "llama" => reader.ReadSentencePiece(),
            "t5" => reader.ReadUnigram(),
            "bert" => reader.ReadWordPiece(),
            _ => throw HoneException.Unknown("tokenizer model of GGUF", reader.kind, ["gpt2", "llama", "t5", "bert"]),
        };
        return parts with { Source = "GGUF metadata", Names = reader.ReadNames() };
    }

    private static TokenizerParts ReadWhole(GgufMetadata metadata, string json)
    {
        const string source = $"GGUF metadata '{WholeKey}'";
        TokenizerParts parts = TokenizerJson.Read(JsonSpec.Parse(System.Text.Encoding.UTF8.GetBytes(json), source), source);
        return parts with { Names = metadata.ContainsKey("tokenizer.ggml.tokens") ? new GgufTokenizer(metadata).ReadNames() : new() { ChatTemplate = metadata.Text("tokenizer.chat_template") } };
    }

    private TokenizerParts ReadByteLevel()
    {
        string pre = metadata.Text("tokenizer.ggml.pre") ?? "default";
        List<(string, string)> merges = [.. (metadata.Strings("tokenizer.ggml.merges") ?? []).Select(ReadMerge)];
        BpeModel model = new(Unique(), merges, new BpeOptions { IgnoreMerges = GgufPreTokenizers.IgnoresMerges(pre) });
        return new(model, Added())
        {
            Normalizer = GgufPreTokenizers.Composes(pre) ? TokenizerParts.Json("""{"type":"NFC"}""") : default,
            PreTokenizer = GgufPreTokenizers.Spec(pre),
            PostProcessor = Frame(addBosWhenSilent: false),
            Decoder = TokenizerParts.Json("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"""),
        };
    }

    private TokenizerParts ReadSentencePiece()
    {
        bool prefix = metadata.Flag("tokenizer.ggml.add_space_prefix") ?? true;
        string unknown = Token("unknown") ?? Token(0)!;
        List<(string, string)> merges = SentencePieceMerges.FromScores(tokens, Scores(), id => types[id] is not (Unknown or Control or Byte));
        BpeModel model = new(Unique(), merges, new BpeOptions { UnknownToken = unknown, FuseUnknown = true, ByteFallback = true });
        return new(model, Added())
        {
            Normalizer = SentencePieceSpecs.Normalizer(prefix),
            PostProcessor = Frame(addBosWhenSilent: true),
            Decoder = SentencePieceSpecs.Decoder(prefix),
        };
    }

    private TokenizerParts ReadUnigram()
    {
        bool prefix = metadata.Flag("tokenizer.ggml.add_space_prefix") ?? true;
        int unknown = (int)(metadata.Integer("tokenizer.ggml.unknown_token_id") ?? Array.IndexOf(types, Unknown));
        if (unknown >= tokens.Length) throw new HoneException($"GGUF metadata: the unknown token has id {unknown}, but there are {tokens.Length} tokens.");
        byte[]? map = metadata.Integers("tokenizer.ggml.precompiled_charsmap") is { } bytes ? [.. bytes.Select(b => (byte)b)] : null;
        UnigramModel model = new(tokens, [.. Scores().Select(s => (double)s)], unknown, types.Contains(Byte));
        return new(model, Added())
        {
            Normalizer = SentencePieceSpecs.UnigramNormalizer(map, metadata.Flag("tokenizer.ggml.remove_extra_whitespaces") ?? true),
            PreTokenizer = SentencePieceSpecs.Metaspace(prefix),
            PostProcessor = Frame(addBosWhenSilent: false),
            Decoder = SentencePieceSpecs.Metaspace(prefix),
        };
    }

    /// <summary>GGUF marks the pieces that begin a word (by U+2581), where WordPiece marks the others (by ##).</summary>
    private TokenizerParts ReadWordPiece()
    {
        for (int id = 0; id < tokens.Length; id++)
            if (types[id] is not (Control or Unknown)) tokens[id] = tokens[id].StartsWith('\u2581') ? tokens[id][1..] : "##" + tokens[id];
        string unknown = Token("unknown") ?? "[UNK]";
        (string cls, string sep) = (Token("cls") ?? Token("bos") ?? "[CLS]", Token("seperator") ?? Token("eos") ?? "[SEP]");
        return new(new WordPieceModel(Unique(), unknown, "##", 100), Added())
        {
            Normalizer = TokenizerParts.Json("""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}"""),
            PreTokenizer = TokenizerParts.Json("""{"type":"BertPreTokenizer"}"""),
            PostProcessor = JsonSerializer.SerializeToElement(new { type = "BertProcessing", sep = new object[] { sep, IdOf(sep) }, cls = new object[] { cls, IdOf(cls) } }),
            Decoder = TokenizerParts.Json("""{"type":"WordPiece","prefix":"##","cleanup":true}"""),
        };
    }

    private Vocabulary Unique() => new(tokens);

    private float[] Scores()
    {
        float[] scores = metadata.Floats("tokenizer.ggml.scores") ?? throw new HoneException("GGUF metadata: 'tokenizer.ggml.scores' is missing, which this kind of tokenizer needs.");
        return scores.Length == tokens.Length ? scores : throw new HoneException($"GGUF metadata: {tokens.Length} tokens but {scores.Length} scores.");
    }

    private List<AddedToken> Added()
    {
        List<AddedToken> added = [];
        for (int id = 0; id < tokens.Length; id++)
        {
            bool special = types[id] is Control or Unknown;
            if (special || types[id] == UserDefined) added.Add(new(id, tokens[id]) { Special = special });
        }
        return added;
    }

    private JsonElement Frame(bool addBosWhenSilent)
    {
        string? bos = metadata.Flag("tokenizer.ggml.add_bos_token") ?? addBosWhenSilent ? Token("bos") : null;
        string? eos = metadata.Flag("tokenizer.ggml.add_eos_token") ?? false ? Token("eos") : null;
        return SentencePieceSpecs.Template(bos, bos is null ? 0 : IdOf(bos), eos, eos is null ? 0 : IdOf(eos));
    }

    private SpecialTokenNames ReadNames() => new()
    {
        Bos = Token("bos"),
        Eos = Token("eos"),
        Pad = Token("padding"),
        Unk = Token("unknown"),
        Sep = Token("seperator"),
        Cls = Token("cls"),
        Mask = Token("mask"),
        AddBos = metadata.Flag("tokenizer.ggml.add_bos_token"),
        AddEos = metadata.Flag("tokenizer.ggml.add_eos_token"),
        ChatTemplate = metadata.Text("tokenizer.chat_template"),
    };

    /// <summary>The token of a role, e.g. <c>bos</c>; "seperator" is spelt so in the format.</summary>
    private string? Token(string role) => metadata.Integer($"tokenizer.ggml.{role}_token_id") is { } id ? Token(id) : null;

    private string? Token(long id) => id >= 0 && id < tokens.Length ? tokens[id] : throw new HoneException($"GGUF metadata: token id {id}, but there are {tokens.Length} tokens.");

    private int IdOf(string token) => Array.IndexOf(tokens, token);

    private static (string Left, string Right) ReadMerge(string merge, int rank)
    {
        int space = merge.IndexOf(' ', 1 > merge.Length ? 0 : 1);
        return space > 0 && space < merge.Length - 1 ? (merge[..space], merge[(space + 1)..])
            : throw new HoneException($"GGUF metadata: merge {rank} is '{merge}', expected two tokens with a space between.");
    }
}
