using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.Patterns;

namespace Hone.Models.Tokenizers.PreTokenizers;

/// <summary>When the replacement for a space is also put in front of a piece.</summary>
internal enum PrependScheme
{
    Always,

    /// <summary>Only at the very start of the text.</summary>
    First,
    Never,
}

/// <summary>SentencePiece's: spaces become a visible character (U+2581), and each piece starts with one.</summary>
internal sealed class MetaspacePreTokenizer(string replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private static readonly LiteralPattern Space = new(" ");
    private readonly LiteralPattern mark = new(replacement);

    /// <summary>Whether it must know where in the original text a piece begins.</summary>
    public bool NeedsOrigin => scheme == PrependScheme.First;

    public static new MetaspacePreTokenizer Read(JsonSpec spec) => new(
        ReadReplacement(spec), ReadScheme(spec), spec.Flag("split", true));

    /// <summary>Older files say <c>add_prefix_space</c> in place of <c>prepend_scheme</c>.</summary>
    public static PrependScheme ReadScheme(JsonSpec spec) => spec.Get("prepend_scheme") is { IsNull: false }
        ? spec.Choice("prepend_scheme", PrependScheme.Always)
        : spec.Flag("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;

    /// <summary>One character, U+2581 when not given.</summary>
    public static string ReadReplacement(JsonSpec spec)
    {
        string text = spec.OptionalText("replacement") ?? "\u2581";
        return Unicode.CodePoints.Count(text) == 1 ? text : throw spec.Get("replacement").Wrong("one character");
    }

    public override void Split(PreTokenizedText text) => text.Split((piece, parts) =>
    {
        ReplaceNormalizer.Replace(piece, Space, replacement);
        bool prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && piece.Shift == 0);
        if (prepends && !piece.Span.StartsWith(replacement)) piece.Prepend(replacement);
        if (split) PreTokenizedText.SplitOne(piece, mark, SplitBehavior.MergedWithNext, false, parts);
        else parts.Add(new(piece, -1));
    });
}
