using Hone.Core;
using Hone.Models.Tokenizers.Loading;

namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>Rewrites text before it is cut into pieces. Safe for use by several threads.</summary>
internal abstract class Normalizer
{
    /// <summary>Changes <paramref name="text"/> in place.</summary>
    public abstract void Apply(AlignedText text);

    /// <summary>True when it is quickly known that nothing would change; false promises nothing.</summary>
    public virtual bool LeavesAlone(ReadOnlySpan<char> text) => false;

    /// <summary>The normalized form of a plain string.</summary>
    public string Apply(string text)
    {
        AlignedText aligned = AlignedText.From(text, track: false);
        Apply(aligned);
        return aligned.Span.ToString();
    }

    /// <summary>Builds the normalizer a tokenizer.json describes; null for none.</summary>
    /// <exception cref="HoneException">Unknown type or malformed settings.</exception>
    public static Normalizer? Read(JsonSpec spec)
    {
        if (spec.IsNull) return null;
        string type = spec.Text("type");
        return type switch
        {
            "NFC" => new NormalFormNormalizer(true, false),
            "NFD" => new NormalFormNormalizer(false, false),
            "NFKC" => new NormalFormNormalizer(true, true),
            "NFKD" => new NormalFormNormalizer(false, true),
            "Lowercase" => new LowercaseNormalizer(),
            "StripAccents" => new FilterNormalizer(c => !Unicode.CharacterClasses.IsAccent(c)),
            "Nmt" => new NmtNormalizer(),
            "ByteLevel" => new ByteLevelNormalizer(),
            "Strip" => new StripNormalizer(spec.Flag("strip_left", true), spec.Flag("strip_right", true)),
            "Prepend" => new PrependNormalizer(spec.Text("prepend")),
            "Replace" => new ReplaceNormalizer(PatternSpec.Read(spec.Get("pattern")), spec.Text("content")),
            "BertNormalizer" => BertNormalizer.Read(spec),
            "Precompiled" => PrecompiledNormalizer.Read(spec),
            "Sequence" => new SequenceNormalizer([.. spec.Get("normalizers").Items().Select(s => Read(s)!)]),
            _ => throw spec.Error(HoneException.Unknown("normalizer", type, Known).Message),
        };
    }

    private static readonly string[] Known = ["NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "ByteLevel", "Strip", "Prepend", "Replace", "BertNormalizer", "Precompiled", "Sequence"];
}

/// <summary>One after the other.</summary>
internal sealed class SequenceNormalizer(Normalizer[] items) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        foreach (Normalizer item in items) item.Apply(text);
    }

    public override bool LeavesAlone(ReadOnlySpan<char> text)
    {
        foreach (Normalizer item in items)
            if (!item.LeavesAlone(text)) return false;
        return true;
    }
}
