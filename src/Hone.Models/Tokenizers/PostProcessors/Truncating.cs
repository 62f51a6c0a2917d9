using Hone.Core;

namespace Hone.Models.Tokenizers.PostProcessors;

/// <summary>Shortens encodings before special tokens are added.</summary>
internal static class Truncating
{
    /// <summary>Cuts one text or a pair so that, with <paramref name="added"/> special tokens, the maximum is kept.</summary>
    /// <exception cref="HoneException">The strategy cannot be followed, or the stride leaves no way forward.</exception>
    public static List<TokenEncoding> Apply(List<TokenEncoding> encodings, Truncation options, int added)
    {
        // Like the reference: a limit that not even the special tokens fit into does not cut at all.
        if (options.MaxLength < added) return encodings;
        int room = options.MaxLength - added, total = encodings.Sum(e => e.Count);
        if (total <= room) return encodings;
        if (room == 0) return [.. encodings.Select(e => Cut(e, 0, options))];
        return options.Strategy switch
        {
            TruncationStrategy.OnlyFirst => CutOne(encodings, 0, total - room, options),
            TruncationStrategy.OnlySecond => CutOne(encodings, 1, total - room, options),
            _ => CutLongest(encodings, room, options),
        };
    }

    private static List<TokenEncoding> CutOne(List<TokenEncoding> encodings, int index, int surplus, Truncation options)
    {
        if (index >= encodings.Count) throw new HoneException("truncation of the second text was asked for, but there is no second text.");
        if (encodings[index].Count <= surplus)
            throw new HoneException($"a text of {encodings[index].Count} tokens is too short to remove {surplus}; raise the maximal length of {options.MaxLength}.");
        List<TokenEncoding> result = [.. encodings];
        result[index] = Cut(encodings[index], encodings[index].Count - surplus, options);
        return result;
    }

    private static List<TokenEncoding> CutLongest(List<TokenEncoding> encodings, int room, Truncation options)
    {
        if (encodings.Count == 1) return [Cut(encodings[0], room, options)];
        bool swap = encodings[0].Count > encodings[1].Count;
        int shorter = Math.Min(encodings[0].Count, encodings[1].Count);
        int longer = shorter > room ? shorter : Math.Max(shorter, room - shorter);
        if (shorter + longer > room) (shorter, longer) = (room / 2, room / 2 + room % 2);
        return [Cut(encodings[0], swap ? longer : shorter, options), Cut(encodings[1], swap ? shorter : longer, options)];
    }

    private static TokenEncoding Cut(TokenEncoding encoding, int length, Truncation options)
    {
        if (length >= encoding.Count) return encoding;
        if (length == 0)
        {
            TokenEncoding empty = new();
            empty.AddOverflow(encoding);
            return empty;
        }
        if (options.Stride >= length)
            throw new HoneException($"a stride of {options.Stride} leaves no way forward: only {length} tokens of text fit into each piece.");
        List<(int Start, int End)> parts = Parts(encoding.Count, length, length - options.Stride, options.Direction);
        TokenEncoding result = encoding.Slice(parts[0].Start, parts[0].End);
        foreach ((int start, int end) in parts.Skip(1)) result.AddOverflow(encoding.Slice(start, end));
        return result;
    }

    private static List<(int Start, int End)> Parts(int count, int length, int step, Side direction)
    {
        List<(int Start, int End)> parts = [];
        for (int at = 0; ; at += step)
        {
            int start = direction == Side.Right ? at : Math.Max(0, count - at - length);
            int end = direction == Side.Right ? Math.Min(at + length, count) : count - at;
            parts.Add((start, end));
            if (direction == Side.Right ? end == count : start == 0) return parts;
        }
    }
}
