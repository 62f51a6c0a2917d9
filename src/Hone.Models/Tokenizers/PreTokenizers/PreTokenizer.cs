using Hone.Core;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.PreTokenizers;

/// <summary>Cuts text into the pieces that the model sees one by one. Safe for use by several threads.</summary>
internal abstract class PreTokenizer
{
    public abstract void Split(PreTokenizedText text);

    /// <summary>The pre-tokenizers this one runs, in order; itself unless it is a sequence.</summary>
    public virtual IEnumerable<PreTokenizer> Steps => [this];

    /// <summary>Builds the pre-tokenizer a tokenizer.json describes; null for none.</summary>
    /// <exception cref="HoneException">Unknown type or malformed settings.</exception>
    public static PreTokenizer? Read(JsonSpec spec)
    {
        if (spec.IsNull) return null;
        string type = spec.Text("type");
        return type switch
        {
            "ByteLevel" => new ByteLevelPreTokenizer(spec.Flag("add_prefix_space", true), spec.Flag("use_regex", true)),
            "Split" => new SplitPreTokenizer(PatternSpec.Read(spec.Get("pattern")), spec.Choice("behavior", SplitBehavior.Isolated), spec.Flag("invert", false)),
            "Whitespace" => new SplitPreTokenizer(new WordPattern(), SplitBehavior.Removed, true),
            "WhitespaceSplit" => new SplitPreTokenizer(new CharPattern(CharacterClasses.IsWhiteSpace), SplitBehavior.Removed),
            "Digits" => new DigitsPreTokenizer(spec.Flag("individual_digits", false)),
            "Punctuation" => new SplitPreTokenizer(new CharPattern(CharacterClasses.IsPunctuation), spec.Choice("behavior", SplitBehavior.Isolated)),
            "CharDelimiterSplit" => new SplitPreTokenizer(new LiteralPattern(spec.Text("delimiter")), SplitBehavior.Removed),
            "FixedLength" => new SplitPreTokenizer(new FixedLengthPattern(spec.Int("length", 1)), SplitBehavior.Isolated),
            "UnicodeScripts" => new SplitPreTokenizer(new ScriptPattern(), SplitBehavior.Isolated),
            "Metaspace" => MetaspacePreTokenizer.Read(spec),
            "BertPreTokenizer" => new SequencePreTokenizer([
                new SplitPreTokenizer(new CharPattern(CharacterClasses.IsWhiteSpace), SplitBehavior.Removed),
                new SplitPreTokenizer(new CharPattern(CharacterClasses.IsPunctuation), SplitBehavior.Isolated)]),
            "Sequence" => new SequencePreTokenizer([.. spec.Get("pretokenizers").Items().Select(s => Read(s)!)]),
            _ => throw spec.Error(HoneException.Unknown("pre-tokenizer", type, Known).Message),
        };
    }

    private static readonly string[] Known = ["ByteLevel", "Split", "Whitespace", "WhitespaceSplit", "Digits", "Punctuation", "CharDelimiterSplit", "FixedLength", "UnicodeScripts", "Metaspace", "BertPreTokenizer", "Sequence"];
}

/// <summary>One after the other.</summary>
internal sealed class SequencePreTokenizer(PreTokenizer[] items) : PreTokenizer
{
    public override IEnumerable<PreTokenizer> Steps => items.SelectMany(i => i.Steps);

    public override void Split(PreTokenizedText text)
    {
        foreach (PreTokenizer item in items) item.Split(text);
    }
}

/// <summary>Splits at a pattern.</summary>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    /// <summary>The scanner, when every piece is a match of one that covers all text.</summary>
    public PieceScanner? Scanner => pattern is ScannerPattern scanning && (behavior, invert) is (SplitBehavior.Isolated, _) or (SplitBehavior.Removed, true)
        ? ((ScannerPattern)pattern).Scanner
        : null;

    public override void Split(PreTokenizedText text) => text.Split(pattern, behavior, invert);
}

/// <summary>Splits off numbers, digit by digit or as runs.</summary>
internal sealed class DigitsPreTokenizer(bool individual) : PreTokenizer
{
    private static readonly CharPattern Numbers = new(CharacterClasses.IsNumeric);

    public bool Individual => individual;

    public override void Split(PreTokenizedText text) =>
        text.Split(Numbers, individual ? SplitBehavior.Isolated : SplitBehavior.Contiguous);
}
