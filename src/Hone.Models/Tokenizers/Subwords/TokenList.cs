namespace Hone.Models.Tokenizers.Subwords;

/// <summary>
/// What a model makes of a piece. Without ranges only ids are kept. Ranges are in UTF-16 units of the piece.
/// </summary>
internal sealed class TokenList(bool withRanges)
{
    private readonly List<(int Start, int End, string? Surface)> ranges = [];

    public List<int> Ids { get; } = [];

    public bool WithRanges => withRanges;

    public IReadOnlyList<(int Start, int End, string? Surface)> Ranges => ranges;

    /// <param name="surface">What stands for the token's text where that is not its entry in the vocabulary.</param>
    public void Add(int id, int start, int end, string? surface = null)
    {
        Ids.Add(id);
        if (withRanges) ranges.Add((start, end, surface));
    }

    public void Clear()
    {
        Ids.Clear();
        ranges.Clear();
    }
}
