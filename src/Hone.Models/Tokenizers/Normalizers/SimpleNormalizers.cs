using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.Subwords;
using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>NFC, NFD, NFKC or NFKD.</summary>
internal sealed class NormalFormNormalizer(bool compose, bool compatibility) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        if (LeavesAlone(text.Span)) return;
        ChangeList changes = compose ? NormalForms.Compose(text.Span, compatibility) : NormalForms.Decompose(text.Span, compatibility);
        changes.ApplyTo(text);
    }

    /// <summary>Nothing below U+0300 composes; nothing below U+00C0 decomposes, below U+00A0 not even by compatibility.</summary>
    public override bool LeavesAlone(ReadOnlySpan<char> text) =>
        text.IndexOfAnyInRange(compatibility ? '\u00A0' : compose ? '\u0300' : '\u00C0', '\uFFFF') < 0;
}

/// <summary>Lower case, letter by letter.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    public override void Apply(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        AlignedTextBuilder builder = new(text, old.Length);
        for (int i = 0; i < old.Length;)
        {
            builder.Append(CharacterClasses.ToLower(CodePoints.At(old, i, out int size), out int second), i);
            if (second != 0) builder.Append(second, i);
            i += size;
        }
        builder.Commit();
    }
}

/// <summary>Keeps the code points that satisfy a condition.</summary>
internal sealed class FilterNormalizer(Func<int, bool> keep) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        AlignedTextBuilder builder = new(text, old.Length);
        for (int i = 0; i < old.Length;)
        {
            int c = CodePoints.At(old, i, out int size);
            if (keep(c)) builder.Append(c, i);
            i += size;
        }
        builder.Commit();
    }
}

/// <summary>The cleaning of SentencePiece's "nmt" rules: some controls vanish, unusual white space becomes a space.</summary>
internal sealed class NmtNormalizer : Normalizer
{
    public override void Apply(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        AlignedTextBuilder builder = new(text, old.Length);
        for (int i = 0; i < old.Length;)
        {
            int c = CodePoints.At(old, i, out int size);
            if (!IsRemoved(c)) builder.Append(IsSpace(c) ? ' ' : c, i);
            i += size;
        }
        builder.Commit();
    }

    internal static bool IsRemoved(int c) => c is (>= 1 and <= 8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or 0x8F or 0x9F;

    internal static bool IsSpace(int c) =>
        c is 9 or 0xA or 0xC or 0xD or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
}

/// <summary>Writes each byte of the UTF-8 form as one visible character.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override void Apply(AlignedText text) => ByteAlphabet.Encode(text);
}

/// <summary>Removes white space from the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override void Apply(AlignedText text)
    {
        ReadOnlySpan<char> old = text.Span;
        int start = 0, end = old.Length;
        while (left && start < end && char.IsWhiteSpace(old[start])) start++;
        while (right && end > start && char.IsWhiteSpace(old[end - 1])) end--;
        if (start == 0 && end == old.Length) return;
        AlignedTextBuilder builder = new(text, end - start);
        builder.CopyRange(start, end);
        builder.Commit();
    }
}

/// <summary>Puts a string before text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override void Apply(AlignedText text) => text.Prepend(prefix);
}

/// <summary>Replaces what a pattern matches.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : Normalizer
{
    public override void Apply(AlignedText text) => Replace(text, pattern, content);

    /// <summary>New text is aligned with the last unit it replaces.</summary>
    public static void Replace(AlignedText text, TextPattern pattern, string content)
    {
        if (pattern is LiteralPattern { Literal: [char old] } && content is [char replacement])
        {
            text.ReplaceEach(old, replacement);
            return;
        }
        List<Segment> segments = pattern.Find(text.Span);
        if (!segments.Exists(s => s.IsMatch)) return;
        AlignedTextBuilder builder = new(text, text.Length + content.Length);
        foreach (Segment segment in segments)
        {
            if (segment.IsMatch) builder.Append(content, segment.End - 1);
            else builder.CopyRange(segment.Start, segment.End);
        }
        builder.Commit();
    }
}
