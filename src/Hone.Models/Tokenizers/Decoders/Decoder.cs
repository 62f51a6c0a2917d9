using Hone.Core;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.PreTokenizers;

namespace Hone.Models.Tokenizers.Decoders;

/// <summary>Turns token spellings back into text, step by step. Safe for use by several threads.</summary>
internal abstract class Decoder
{
    /// <summary>Changes the list of strings; at the end of the chain they are joined.</summary>
    public abstract List<string> Apply(List<string> tokens);

    /// <summary>
    /// What one token contributes to the middle of a text, as far as it does not depend on its neighbours.
    /// </summary>
    public virtual string PieceOf(string token) => token;

    /// <summary>The steps it consists of; itself unless it is a sequence.</summary>
    public virtual IEnumerable<Decoder> Steps => [this];

    /// <summary>Builds the decoder a tokenizer.json describes; null for none.</summary>
    /// <exception cref="HoneException">Unknown type or malformed settings.</exception>
    public static Decoder? Read(JsonSpec spec)
    {
        if (spec.IsNull) return null;
        string type = spec.Text("type");
        return type switch
        {
            "ByteLevel" => new ByteLevelDecoder(),
            "ByteFallback" => new ByteFallbackDecoder(),
            "Fuse" => new FuseDecoder(),
            "Strip" => StripDecoder.Read(spec),
            "Replace" => new ReplaceDecoder(PatternSpec.Read(spec.Get("pattern")), spec.Text("content")),
            "Metaspace" => new MetaspaceDecoder(MetaspacePreTokenizer.ReadReplacement(spec), MetaspacePreTokenizer.ReadScheme(spec) != PrependScheme.Never),
            "WordPiece" => new WordPieceDecoder(spec.OptionalText("prefix") ?? "##", spec.Flag("cleanup", true)),
            "BPEDecoder" => new SuffixDecoder(spec.OptionalText("suffix") ?? "</w>"),
            "CTC" => new CtcDecoder(spec.OptionalText("pad_token") ?? "<pad>", spec.OptionalText("word_delimiter_token") ?? "|", spec.Flag("cleanup", true)),
            "Sequence" => new SequenceDecoder([.. spec.Get("decoders").Items().Select(s => Read(s)!)]),
            _ => throw spec.Error(HoneException.Unknown("decoder", type, Known).Message),
        };
    }

    private static readonly string[] Known = ["ByteLevel", "ByteFallback", "Fuse", "Strip", "Replace", "Metaspace", "WordPiece", "BPEDecoder", "CTC", "Sequence"];
}

/// <summary>One after the other.</summary>
internal sealed class SequenceDecoder(Decoder[] items) : Decoder
{
    public override IEnumerable<Decoder> Steps => items.SelectMany(i => i.Steps);

    public override List<string> Apply(List<string> tokens) => items.Aggregate(tokens, (current, item) => item.Apply(current));

    public override string PieceOf(string token) => items.Aggregate(token, (current, item) => item.PieceOf(current));
}
