using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers.PostProcessors;

/// <summary>Takes the spaces that byte-level tokens carry out of their offsets.</summary>
internal sealed class ByteLevelProcessor(bool trimOffsets, bool addPrefixSpace) : PostProcessor
{
    public override int AddedCount(bool pair) => 0;

    public override (int[] Before, int[] After)? SingleFrame => ([], []);

    public override List<TokenEncoding> Process(List<TokenEncoding> encodings, bool addSpecialTokens)
    {
        if (!trimOffsets) return encodings;
        foreach (TokenEncoding encoding in encodings)
        {
            Trim(encoding);
            foreach (TokenEncoding part in encoding.Overflowing) Trim(part);
        }
        return encodings;
    }

    private void Trim(TokenEncoding encoding)
    {
        for (int i = 0; i < encoding.Count; i++)
        {
            string token = encoding.Tokens[i];
            int leading = token.TakeWhile(IsSpace).Count(), trailing = token.Reverse().TakeWhile(IsSpace).Count();
            if (leading + trailing == 0) continue;
            (int start, int end) = encoding.Offsets[i];
            // A single space at the start was put there and is not in the text; of several all count, as in the reference.
            if (leading == 1 && addPrefixSpace && (i == 0 || start == 0)) leading = 0;
            start = Math.Min(start + leading, end);
            if (trailing > 0 && end >= trailing) end = Math.Max(end - trailing, start);
            encoding.SetOffset(i, (start, end));
        }
    }

    private static bool IsSpace(char c) => c == ByteAlphabet.Chars[' '] || char.IsWhiteSpace(c);
}
