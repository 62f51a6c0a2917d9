using System.Text;

namespace Hone.Core.Automata;

/// <summary>Simple case folding for <c>(?i)</c>.</summary>
internal static class CaseFolding
{
    private static readonly Lazy<ILookup<int, int>> SameLetter = new(() => Enumerable.Range(0, 0x1F000)
        .Where(c => c is < 0xD800 or > 0xDFFF && HasCase(c)).ToLookup(Fold));

    /// <summary>The set with every other case of its members.</summary>
    public static CodePointSet Close(CodePointSet set)
    {
        List<(int, int)> parts = [.. set.Ranges.Select(r => (r.Low, r.High))];
        foreach (IGrouping<int, int> letters in SameLetter.Value)
        {
            // The folded form itself may have no other case of its own: ß, which ẞ folds to.
            int[] all = [.. letters, letters.Key];
            if (all.Any(set.Contains)) parts.AddRange(all.Select(c => (c, c)));
        }
        return CodePointSet.Of(parts);
    }

    private static bool HasCase(int c) => Rune.ToLowerInvariant(new Rune(c)).Value != c || Rune.ToUpperInvariant(new Rune(c)).Value != c;

    private static int Fold(int c) => Rune.ToLowerInvariant(Rune.ToUpperInvariant(Rune.ToLowerInvariant(new Rune(c)))).Value;
}
