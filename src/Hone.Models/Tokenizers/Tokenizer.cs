using Hone.Core;
using Hone.Models.Tokenizers.Decoders;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.PostProcessors;
using Hone.Models.Tokenizers.PreTokenizers;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers;

/// <summary>
/// Text to token ids and back, as a tokenizer.json of Hugging Face's tokenizers library describes it: the same ids, offsets
/// and texts as that library (compared with version 0.22.2). Immutable; safe for use by several threads.
/// </summary>
public sealed partial class Tokenizer
{
    private readonly TokenizerParts parts;
    private readonly SubwordModel model;
    private readonly Normalizer? normalizer;
    private readonly PreTokenizer? preTokenizer;
    private readonly PostProcessor? postProcessor;
    private readonly Decoders.Decoder? decoder;
    private readonly Dictionary<int, AddedToken> addedById = [];
    private readonly Dictionary<string, AddedToken> addedByContent = new(StringComparer.Ordinal);
    private readonly AddedTokenMatcher rawMatcher;
    private readonly AddedTokenMatcher normalizedMatcher;
    private readonly Lazy<TokenBytes> bytes;

    internal Tokenizer(TokenizerParts parts)
    {
        this.parts = parts;
        model = parts.Model;
        normalizer = Normalizer.Read(parts.Component(parts.Normalizer, "normalizer"));
        preTokenizer = PreTokenizer.Read(parts.Component(parts.PreTokenizer, "pre_tokenizer"));
        postProcessor = PostProcessor.Read(parts.Component(parts.PostProcessor, "post_processor"));
        decoder = Decoders.Decoder.Read(parts.Component(parts.Decoder, "decoder"));
        FileTruncation = LengthSettings.ReadTruncation(parts.Component(parts.Truncation, "truncation"));
        FilePadding = LengthSettings.ReadPadding(parts.Component(parts.Padding, "padding"));
        foreach (AddedToken token in parts.AddedTokens) Register(token);
        rawMatcher = new(addedById.Values.Where(t => !t.Normalized).Select(t => (t, t.Content)));
        normalizedMatcher = new(addedById.Values.Where(t => t.Normalized).Select(t => (t, normalizer?.Apply(t.Content) ?? t.Content)));
        VocabularySize = Math.Max(model.Vocabulary.Size, addedById.Count == 0 ? 0 : addedById.Keys.Max() + 1);
        bytes = new(() => new TokenBytes(this));
        FindFastPath();
    }

    /// <summary>One more than the largest id; the number of rows an embedding needs at least.</summary>
    public int VocabularySize { get; }

    /// <summary>What it is, as a reader would call it, e.g. <c>byte-level BPE</c>.</summary>
    public string Kind => model switch
    {
        BpeModel { Options.ByteFallback: true } => "BPE with byte fallback",
        BpeModel when decoder is Decoders.ByteLevelDecoder => "byte-level BPE",
        BpeModel => "BPE",
        UnigramModel => "unigram",
        WordPieceModel => "WordPiece",
        _ => "whole words",
    };

    /// <summary>Special tokens by role, and the chat template, as far as the source names them.</summary>
    public SpecialTokenNames Names => parts.Names;

    /// <summary>The chat template's text, null when there is none.</summary>
    public string? ChatTemplate => parts.Names.ChatTemplate;

    public int? BosId => Resolve(parts.Names.Bos);

    public int? EosId => Resolve(parts.Names.Eos);

    public int? PadId => Resolve(parts.Names.Pad);

    public int? UnkId => Resolve(parts.Names.Unk ?? model.UnknownToken);

    /// <summary>Tokens that are found in the text itself, by id.</summary>
    public IReadOnlyCollection<AddedToken> AddedTokens => addedById.Values;

    /// <summary>Truncation the file asks for; used only when passed to an encoding.</summary>
    public Truncation? FileTruncation { get; }

    /// <summary>Padding the file asks for; used only when passed to an encoding.</summary>
    public Padding? FilePadding { get; }

    /// <summary>The id of a token given by its spelling in the vocabulary (byte-level tokens: in their alphabet), or null.</summary>
    public int? IdOf(string token) => addedByContent.TryGetValue(token, out AddedToken? added) ? added.Id : model.Vocabulary.IdOf(token);

    /// <summary>The spelling of a token in the vocabulary.</summary>
    /// <exception cref="HoneException">No token has this id.</exception>
    public string TokenOf(int id) => FindToken(id)
        ?? throw new HoneException($"{id} is not a token id; {parts.Source} has ids from 0 to {VocabularySize - 1}.");

    /// <summary>Whether <c>skipSpecialTokens</c> leaves the token out.</summary>
    public bool IsSpecial(int id) => FindToken(id) is { } token && IsSpecialText(token);

    /// <summary>
    /// The bytes a token contributes to the middle of a text: with its space, without what depends on neighbours. Empty for
    /// ids without a token. Special tokens give their own text.
    /// </summary>
    public ReadOnlySpan<byte> BytesOf(int id) => bytes.Value.Of(id);

    /// <summary>Takes back spaces before punctuation, the way <c>clean_up_tokenization_spaces</c> means it.</summary>
    public static string CleanUp(string text) => Decoders.CleanUp.TokenizationSpaces(text);

    internal SubwordModel Model => model;

    internal TokenizerParts Parts => parts;

    internal string? FindToken(int id) => addedById.TryGetValue(id, out AddedToken? added) ? added.Content : model.Vocabulary.TokenOf(id);

    internal Decoders.Decoder? DecoderOrNull => decoder;

    /// <summary>Ids the post-processor puts before and after a single text; null when it does more than that.</summary>
    internal (int[] Before, int[] After)? SingleFrame => postProcessor is null ? ([], []) : postProcessor.SingleFrame;

    private bool IsSpecialText(string token) => addedByContent.TryGetValue(token, out AddedToken? added) && added.Special;

    private int? Resolve(string? token) => token is null ? null : IdOf(token);

    /// <summary>An added token that the model's vocabulary has too takes its id from there, as in the reference.</summary>
    private void Register(AddedToken token)
    {
        if (token.Content.Length == 0) return;
        AddedToken placed = token with { Id = model.Vocabulary.IdOf(token.Content) ?? token.Id };
        if (addedByContent.TryGetValue(placed.Content, out AddedToken? old)) addedById.Remove(old.Id);
        addedById[placed.Id] = placed;
        addedByContent[placed.Content] = placed;
    }
}
