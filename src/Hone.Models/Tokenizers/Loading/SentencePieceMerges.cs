namespace Hone.Models.Tokenizers.Loading;

/// <summary>
/// SentencePiece-style BPE has scores in place of a list of merges. The list that does the same: every way to put a piece
/// together from two others, pieces of higher score first, among the ways to make one piece those of smaller ids first; the order
/// in which the field's converters write it.
/// </summary>
internal static class SentencePieceMerges
{
    /// <param name="pieces">All pieces by id.</param>
    /// <param name="scores">Their scores, higher merges first.</param>
    /// <param name="merges">Whether a piece takes part; control, byte and unknown pieces do not.</param>
    public static List<(string Left, string Right)> FromScores(IReadOnlyList<string> pieces, IReadOnlyList<float> scores, Func<int, bool> merges)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++)
            if (merges(id)) ids[pieces[id]] = id;
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        List<(int Piece, int Left, int Right)> found = [];
        for (int id = 0; id < pieces.Count; id++)
        {
            if (!merges(id)) continue;
            ReadOnlySpan<char> piece = pieces[id];
            for (int cut = 1; cut < piece.Length; cut++)
            {
                if (char.IsLowSurrogate(piece[cut])) continue;
                if (lookup.TryGetValue(piece[..cut], out int left) && lookup.TryGetValue(piece[cut..], out int right))
                    found.Add((id, left, right));
            }
        }
        return [.. found.OrderByDescending(m => scores[m.Piece]).ThenBy(m => m).Select(m => (pieces[m.Left], pieces[m.Right]))];
    }
}
