using Hone.Core;
using Hone.Models.Formats;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers;

public sealed partial class Tokenizer
{
    /// <summary>
    /// Reads the tokenizer and chat template of a GGUF file: byte-level BPE ("gpt2"), SentencePiece BPE ("llama"), unigram
    /// ("t5") or WordPiece ("bert").
    /// </summary>
    /// <exception cref="HoneException">No tokenizer, an unknown kind or pre-tokenizer, or lists that do not fit together.</exception>
    public static Tokenizer FromGguf(GgufMetadata metadata) => new(GgufTokenizer.Read(metadata));

    /// <summary>Adds the tokenizer and its chat template to the metadata of a GGUF file.</summary>
    /// <param name="metadata">Gets the keys.</param>
    /// <param name="vocabularySize">Rows of the model's embedding, which may be more than there are tokens.</param>
    /// <returns>A sentence when other programs than Hone may cut some texts differently, else null.</returns>
    /// <exception cref="HoneException">There are more tokens than that.</exception>
    public string? WriteGguf(GgufMetadata metadata, int vocabularySize) => GgufTokenizerWriter.Write(this, metadata, vocabularySize);

    /// <summary>
    /// Makes a tokenizer of the pieces and scores of a llama2.c file: SentencePiece BPE with byte fallback; ids 0, 1 and 2
    /// are unknown, beginning and end. Encoding begins with the beginning token.
    /// </summary>
    /// <param name="pieces">Spelling of each token; bytes without a piece are spelt <c>&lt;0x0A&gt;</c>.</param>
    /// <param name="scores">Higher merges first.</param>
    /// <exception cref="HoneException">Fewer than three pieces, or lists of different lengths.</exception>
    public static Tokenizer FromLlama2c(IReadOnlyList<string> pieces, IReadOnlyList<float> scores)
    {
        if (pieces.Count < 3 || pieces.Count != scores.Count) throw new HoneException($"a llama2.c tokenizer with {pieces.Count} pieces and {scores.Count} scores; expected as many, at least 3.");
        // llama2.c writes the marks of a SentencePiece vocabulary as plain spaces, and its special pieces with line breaks.
        string[] names = ["<unk>", "<s>", "</s>"];
        string[] tokens = [.. pieces.Select((piece, id) => id < 3 ? names[id] : piece.Replace(' ', '\u2581'))];
        bool[] merges = [.. tokens.Select((token, id) => id >= 3 && !Decoders.ByteFallbackDecoder.TryParse(token, out _))];
        BpeModel model = new(new Vocabulary(tokens), SentencePieceMerges.FromScores(tokens, scores, id => merges[id]),
            new BpeOptions { UnknownToken = "<unk>", FuseUnknown = true, ByteFallback = true });
        return new(new TokenizerParts(model, [.. names.Select((name, id) => new AddedToken(id, name) { Special = true })])
        {
            Source = "llama2.c tokenizer",
            Normalizer = SentencePieceSpecs.Normalizer(prefix: true),
            PostProcessor = SentencePieceSpecs.Template("<s>", 1, null, 0),
            Decoder = SentencePieceSpecs.Decoder(prefix: true),
            Names = new() { Bos = "<s>", Eos = "</s>", Unk = "<unk>", AddBos = true },
        });
    }

    /// <inheritdoc cref="FromLlama2c(IReadOnlyList{string}, IReadOnlyList{float})"/>
    public static Tokenizer FromLlama2c(Llama2cTokenizer file) =>
        FromLlama2c([.. file.Pieces.Select(p => System.Text.Encoding.UTF8.GetString(p))], file.Scores);
}
