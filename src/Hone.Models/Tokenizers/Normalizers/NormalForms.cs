using Hone.Models.Tokenizers.Unicode;

namespace Hone.Models.Tokenizers.Normalizers;

/// <summary>
/// The normal forms NFC, NFD, NFKC and NFKD of Unicode Standard Annex 15, as lists of changes so that offsets survive.
/// </summary>
internal static class NormalForms
{
    /// <summary>NFD, or NFKD with <paramref name="compatibility"/>.</summary>
    public static ChangeList Decompose(ReadOnlySpan<char> text, bool compatibility)
    {
        NormalizationData data = NormalizationData.Instance;
        ChangeList output = new();
        List<(int CodePoint, int Change, int Class)> marks = [];
        List<int> parts = [];
        for (int i = 0; i < text.Length;)
        {
            parts.Clear();
            data.Decompose(CodePoints.At(text, i, out int size), compatibility, parts);
            i += size;
            for (int k = 0; k < parts.Count; k++)
            {
                int combining = data.ClassOf(parts[k]);
                if (combining == 0) Flush(marks, output);
                if (combining == 0) output.Add(parts[k], Math.Min(k, 1));
                else marks.Add((parts[k], Math.Min(k, 1), combining));
            }
        }
        Flush(marks, output);
        return output;
    }

    /// <summary>NFC, or NFKC with <paramref name="compatibility"/>.</summary>
    public static ChangeList Compose(ReadOnlySpan<char> text, bool compatibility)
    {
        NormalizationData data = NormalizationData.Instance;
        ChangeList decomposed = Decompose(text, compatibility), output = new();
        int starter = -1, lastClass = -1;
        for (int i = 0; i < decomposed.Count; i++)
        {
            (int codePoint, int change) = decomposed[i];
            int combining = data.ClassOf(codePoint);
            bool blocked = lastClass >= combining && lastClass != -1;
            int composed = starter < 0 || blocked ? -1 : data.Compose(output[starter].CodePoint, codePoint);
            if (composed >= 0)
            {
                output[starter] = (composed, output[starter].Change + change - 1);
                continue;
            }
            if (combining == 0) (starter, lastClass) = (output.Count, -1);
            else lastClass = combining;
            output.Add(codePoint, change);
        }
        return output;
    }

    /// <summary>Writes waiting marks in order of their class; marks of one class keep their order.</summary>
    private static void Flush(List<(int CodePoint, int Change, int Class)> marks, ChangeList output)
    {
        if (marks.Count == 0) return;
        foreach ((int codePoint, int change, _) in marks.OrderBy(m => m.Class)) output.Add(codePoint, change);
        marks.Clear();
    }
}
