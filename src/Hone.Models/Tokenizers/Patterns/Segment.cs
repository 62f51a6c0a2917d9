namespace Hone.Models.Tokenizers.Patterns;

/// <summary>A stretch [Start, End) of a text, in UTF-16 units, that a pattern matched or that lies between matches.</summary>
internal readonly record struct Segment(int Start, int End, bool IsMatch);

/// <summary>What becomes of the matches when text is split at a pattern.</summary>
internal enum SplitBehavior
{
    /// <summary>Matches vanish.</summary>
    Removed,

    /// <summary>Each match is a piece.</summary>
    Isolated,

    /// <summary>A match joins the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>A match joins the piece after it.</summary>
    MergedWithNext,

    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}

/// <summary>Turns segments into pieces.</summary>
internal static class Splitting
{
    /// <summary>The pieces of a text whose segments are given; empty pieces are included, callers drop them.</summary>
    public static List<Segment> Apply(List<Segment> segments, SplitBehavior behavior) => behavior switch
    {
        SplitBehavior.Isolated => segments,
        SplitBehavior.Removed => segments.FindAll(s => !s.IsMatch),
        SplitBehavior.Contiguous => Merge(segments, (current, previous) => current == previous),
        SplitBehavior.MergedWithPrevious => Merge(segments, (current, previous) => current && !previous),
        _ => MergeNext(segments),
    };

    private static List<Segment> Merge(List<Segment> segments, Func<bool, bool, bool> joins)
    {
        List<Segment> pieces = [];
        bool previous = false;
        foreach (Segment segment in segments)
        {
            if (pieces.Count > 0 && joins(segment.IsMatch, previous)) pieces[^1] = pieces[^1] with { End = segment.End };
            else pieces.Add(segment);
            previous = segment.IsMatch;
        }
        return pieces;
    }

    private static List<Segment> MergeNext(List<Segment> segments)
    {
        List<Segment> pieces = [];
        bool previous = false;
        for (int i = segments.Count - 1; i >= 0; i--)
        {
            if (pieces.Count > 0 && segments[i].IsMatch && !previous) pieces[^1] = pieces[^1] with { Start = segments[i].Start };
            else pieces.Add(segments[i]);
            previous = segments[i].IsMatch;
        }
        pieces.Reverse();
        return pieces;
    }
}
