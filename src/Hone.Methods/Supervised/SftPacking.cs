using Hone.Training.Batching;

namespace Hone.Methods.Supervised;

/// <summary>Rows of tokens as sequences of bounded length.</summary>
public static class SftPacking
{
    private const int Window = 1000; // rows TRL packs at a time

    /// <summary>Cuts or packs rows. Each result is one training example: the sequences it holds do not see each other.</summary>
    /// <param name="rows">Uncut rows.</param>
    /// <param name="format">Settings.</param>
    public static IEnumerable<IReadOnlyList<LearntTokens>> Arrange(IReadOnlyList<LearntTokens> rows, SftFormat format)
    {
        if (format.Packing == Packing.None)
        {
            foreach (LearntTokens row in rows) yield return [Cut(row, format)];
            yield break;
        }
        int length = format.MaxLength > 0 ? format.MaxLength : throw new Core.HoneException("packing needs a length: give --max-length.");
        List<List<Piece>> layout = SequencePacking.InWindows([.. rows.Select(r => r.Ids.Length)], length, Window, format.Packing switch
        {
            Packing.Bfd => SequencePacking.BestFitDecreasing,
            Packing.BfdSplit => SequencePacking.BestFitDecreasingSplit,
            _ => SequencePacking.Wrapped,
        });
        foreach (List<Piece> packed in layout)
        {
            LearntTokens[] pieces = [.. packed.Select(p => new LearntTokens(
                rows[p.Sequence].Ids[p.Offset..(p.Offset + p.Length)], rows[p.Sequence].Learnt[p.Offset..(p.Offset + p.Length)]))];
            yield return format.Packing == Packing.Wrapped ? [new([.. pieces.SelectMany(p => p.Ids)], [.. pieces.SelectMany(p => p.Learnt)])] : pieces;
        }
    }

    private static LearntTokens Cut(LearntTokens row, SftFormat format) =>
        new(format.Truncation.Cut(row.Ids, format.MaxLength), format.Truncation.Cut(row.Learnt, format.MaxLength));
}
