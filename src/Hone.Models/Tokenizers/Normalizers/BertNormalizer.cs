using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>
/// BERT's clean-up (Devlin et al. 2018, basic tokenization): control characters vanish, white space becomes a space, Chinese
/// characters get spaces around, accents are stripped, letters lowered.
/// </summary>
internal sealed class BertNormalizer(bool clean, bool chinese, bool stripAccents, bool lowercase) : Normalizer
{
    private static readonly NormalFormNormalizer Decompose = new(false, false);
    private static readonly FilterNormalizer WithoutAccents = new(c => !CharacterClasses.IsBertAccent(c));
    private static readonly LowercaseNormalizer Lower = new();

    /// <summary>strip_accents null follows lowercase.</summary>
    public static new BertNormalizer Read(JsonSpec spec)
    {
        bool lowercase = spec.Flag("lowercase", true);
        return new(spec.Flag("clean_text", true), spec.Flag("handle_chinese_chars", true), spec.Flag("strip_accents", lowercase), lowercase);
    }

    public override void Apply(AlignedText text)
    {
        if (clean) Clean(text);
        if (chinese) SpaceChinese(text);
        if (stripAccents)
        {
            Decompose.Apply(text);
            WithoutAccents.Apply(text);
        }
        if (lowercase) Lower.Apply(text);
    }

    private static void Clean(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        AlignedTextBuilder builder = new(text, old.Length);
        for (int i = 0; i < old.Length;)
        {
            int c = CodePoints.At(old, i, out int size);
            if (!CharacterClasses.IsBertRemoved(c)) builder.Append(CharacterClasses.IsWhiteSpace(c) ? ' ' : c, i);
            i += size;
        }
        builder.Commit();
    }

    private static void SpaceChinese(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        if (old.IndexOfAnyInRange('\u3400', '\uFFFF') < 0) return;
        AlignedTextBuilder builder = new(text, old.Length + 16);
        for (int i = 0; i < old.Length;)
        {
            int c = CodePoints.At(old, i, out int size);
            bool isChinese = CharacterClasses.IsChinese(c);
            if (isChinese) builder.Append(' ', i);
            builder.Append(c, i);
            if (isChinese) builder.Append(' ', i);
            i += size;
        }
        builder.Commit();
    }
}
