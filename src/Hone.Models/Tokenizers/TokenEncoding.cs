namespace Hone.Models.Tokenizers;

/// <summary>An encoded text or pair. All lists have one entry per token.</summary>
public sealed class TokenEncoding
{
    private readonly List<int> ids = [];
    private readonly List<string> tokens = [];
    private readonly List<(int Start, int End)> offsets = [];
    private readonly List<int> typeIds = [];
    private readonly List<int> specialTokensMask = [];
    private readonly List<int> attentionMask = [];
    private readonly List<int?> wordIds = [];
    private readonly List<TokenEncoding> overflowing = [];
    private readonly SortedDictionary<int, (int Start, int End)> sequences = [];

    internal TokenEncoding() { }

    public int Count => ids.Count;

    public IReadOnlyList<int> Ids => ids;

    /// <summary>Spelling of each token, as it stands in the vocabulary.</summary>
    public IReadOnlyList<string> Tokens => tokens;

    /// <summary>[start, end) in Unicode code points of the text the token came from; (0, 0) for added special tokens.</summary>
    public IReadOnlyList<(int Start, int End)> Offsets => offsets;

    /// <summary>Segment numbers, e.g. 0 for the first text and 1 for the second.</summary>
    public IReadOnlyList<int> TypeIds => typeIds;

    /// <summary>1 for tokens added by post-processing or padding.</summary>
    public IReadOnlyList<int> SpecialTokensMask => specialTokensMask;

    /// <summary>0 for padding.</summary>
    public IReadOnlyList<int> AttentionMask => attentionMask;

    /// <summary>Index of the pre-tokenized piece, null for added special tokens and padding.</summary>
    public IReadOnlyList<int?> WordIds => wordIds;

    /// <summary>What truncation cut off, in pieces that overlap by the stride.</summary>
    public IReadOnlyList<TokenEncoding> Overflowing => overflowing;

    /// <summary>0 for tokens of the first text, 1 for the second, null for neither.</summary>
    public int?[] SequenceIds
    {
        get
        {
            int?[] result = new int?[Count];
            if (sequences.Count == 0) Array.Fill(result, 0);
            foreach ((int id, (int start, int end)) in sequences)
                if (id >= 0) Array.Fill(result, id, start, end - start);
            return result;
        }
    }

    internal void Add(int id, string token, (int Start, int End) offset, int typeId, int? wordId, bool special)
    {
        ids.Add(id);
        tokens.Add(token);
        offsets.Add(offset);
        typeIds.Add(typeId);
        specialTokensMask.Add(special ? 1 : 0);
        attentionMask.Add(1);
        wordIds.Add(wordId);
    }

    internal void SetOffset(int index, (int Start, int End) offset) => offsets[index] = offset;

    /// <summary>Says which text of a pair this is, for the overflow too.</summary>
    internal void SetSequence(int sequence, int typeId)
    {
        sequences.Clear();
        sequences[sequence] = (0, Count);
        for (int i = 0; i < Count; i++) typeIds[i] = typeId;
        foreach (TokenEncoding part in overflowing) part.SetSequence(sequence, typeId);
    }

    /// <summary>Belongs to neither text.</summary>
    internal void ForgetSequence() => sequences[-1] = (0, 0);

    internal void AddOverflow(TokenEncoding part) => overflowing.Add(part);

    /// <summary>A copy of [start, end) without overflow and without knowledge of its sequence.</summary>
    internal TokenEncoding Slice(int start, int end)
    {
        TokenEncoding part = new();
        part.Append(this, start, end);
        return part;
    }

    /// <summary>This followed by another; overflow is every combination of the parts of both.</summary>
    internal TokenEncoding Concat(TokenEncoding other)
    {
        TokenEncoding joined = Join(this, other);
        foreach (TokenEncoding part in overflowing)
        {
            joined.overflowing.Add(Join(part, other));
            foreach (TokenEncoding otherPart in other.overflowing) joined.overflowing.Add(Join(part, otherPart));
        }
        foreach (TokenEncoding otherPart in other.overflowing) joined.overflowing.Add(Join(this, otherPart));
        return joined;
    }

    /// <summary>Fills up to <paramref name="length"/> tokens, the overflow too.</summary>
    internal TokenEncoding Pad(int length, Padding padding)
    {
        TokenEncoding filler = new();
        for (int i = Count; i < length; i++) filler.Add(padding.PadId, padding.PadToken, (0, 0), padding.PadTypeId, null, special: true);
        for (int i = 0; i < filler.Count; i++) filler.attentionMask[i] = 0;
        TokenEncoding padded = padding.Direction == Side.Left ? Join(filler, this) : Join(this, filler);
        foreach (TokenEncoding part in overflowing) padded.overflowing.Add(part.Pad(length, padding));
        return padded;
    }

    private static TokenEncoding Join(TokenEncoding first, TokenEncoding second)
    {
        TokenEncoding joined = new();
        joined.Append(first, 0, first.Count);
        joined.Append(second, 0, second.Count);
        foreach ((int id, (int Start, int End) range) in first.sequences) joined.sequences[id] = range;
        foreach ((int id, (int start, int end)) in second.sequences) joined.sequences[id] = (first.Count + start, first.Count + end);
        return joined;
    }

    private void Append(TokenEncoding source, int start, int end)
    {
        ids.AddRange(source.ids[start..end]);
        tokens.AddRange(source.tokens[start..end]);
        offsets.AddRange(source.offsets[start..end]);
        typeIds.AddRange(source.typeIds[start..end]);
        specialTokensMask.AddRange(source.specialTokensMask[start..end]);
        attentionMask.AddRange(source.attentionMask[start..end]);
        wordIds.AddRange(source.wordIds[start..end]);
    }
}
