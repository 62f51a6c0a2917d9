using System.Globalization;

namespace Hone.Models.Tokenizers.Unicode;

/// <summary>Decompositions, combining classes and compositions of normalization.txt, with Hangul by arithmetic.</summary>
internal sealed class NormalizationData
{
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28;
    private const int SCount = LCount * VCount * TCount;

    private static readonly Lazy<NormalizationData> Shared = new(() => new NormalizationData());
    private readonly Dictionary<int, byte> classes = [];
    private readonly Dictionary<int, int[]> canonical = [];
    private readonly Dictionary<int, int[]> compatible = [];
    private readonly Dictionary<(int First, int Second), int> compositions = [];

    private NormalizationData()
    {
        foreach (string line in UnicodeTables.Lines("normalization.txt"))
        {
            string[] fields = line.Split(' ');
            if (fields[0] == "c") AddClass(fields);
            else AddDecomposition(fields);
        }
    }

    public static NormalizationData Instance => Shared.Value;

    /// <summary>Canonical combining class; 0 for starters.</summary>
    public int ClassOf(int codePoint) => codePoint < 0x300 ? 0 : classes.GetValueOrDefault(codePoint);

    /// <summary>Adds the full decomposition of a code point to <paramref name="target"/>.</summary>
    public void Decompose(int codePoint, bool compatibility, List<int> target)
    {
        if (codePoint is >= SBase and < SBase + SCount)
        {
            int s = codePoint - SBase, t = s % TCount;
            target.Add(LBase + s / (VCount * TCount));
            target.Add(VBase + s % (VCount * TCount) / TCount);
            if (t > 0) target.Add(TBase + t);
        }
        else if (canonical.TryGetValue(codePoint, out int[]? parts) || (compatibility && compatible.TryGetValue(codePoint, out parts)))
        {
            foreach (int part in parts) Decompose(part, compatibility, target);
        }
        else
        {
            target.Add(codePoint);
        }
    }

    /// <summary>The code point two others compose to, or -1.</summary>
    public int Compose(int first, int second)
    {
        if (first is >= LBase and < LBase + LCount && second is >= VBase and < VBase + VCount)
            return SBase + ((first - LBase) * VCount + second - VBase) * TCount;
        if (first is >= SBase and < SBase + SCount && (first - SBase) % TCount == 0 && second is > TBase and < TBase + TCount)
            return first + second - TBase;
        return compositions.TryGetValue((first, second), out int composed) ? composed : -1;
    }

    private void AddClass(string[] fields)
    {
        string[] range = fields[1].Split('-');
        byte value = byte.Parse(fields[2], CultureInfo.InvariantCulture);
        for (int c = Convert.ToInt32(range[0], 16); c <= Convert.ToInt32(range[^1], 16); c++) classes[c] = value;
    }

    private void AddDecomposition(string[] fields)
    {
        int code = Convert.ToInt32(fields[1], 16);
        int[] parts = [.. fields.Skip(2).Select(f => Convert.ToInt32(f, 16))];
        if (fields[0] == "k") compatible[code] = parts;
        else canonical[code] = parts;
        if (fields[0] == "d") compositions[(parts[0], parts[1])] = code;
    }
}
