using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Hone.Core;

namespace Hone.Data;

/// <summary>Shares of a data set, each 0..1, that add up to 1.</summary>
public readonly record struct SplitShares(double Train, double Validation, double Test)
{
    /// <summary>80 %, 10 %, 10 %.</summary>
    public static SplitShares Usual { get; } = new(0.8, 0.1, 0.1);
}

/// <summary>Three disjoint parts of a data set, each in the order of the file.</summary>
public sealed record SplitRows(IReadOnlyList<Row> Train, IReadOnlyList<Row> Validation, IReadOnlyList<Row> Test);

/// <summary>
/// Splits rows by a seeded hash of their text, so that a row stays in its part when rows are added, moved or removed, and
/// rows that ask the same question are never on two sides.
/// </summary>
public static class DataSplit
{
    /// <summary>
    /// Divides the rows. Where a part with a share above 0 would be empty and another has rows to spare, the row group whose
    /// hash is nearest moves over.
    /// </summary>
    /// <exception cref="HoneException">Shares that are negative or do not add up to 1.</exception>
    public static SplitRows Divide(IReadOnlyList<Row> rows, long seed, SplitShares? shares = null)
    {
        double[] parts = Checked(shares ?? SplitShares.Usual);
        string[] keys = [.. rows.Select(KeyOf)];
        (string Key, double Place)[] groups = [.. keys.Distinct().Select(k => (k, Place(k, seed))).OrderBy(g => g.Item2).ThenBy(g => g.k, StringComparer.Ordinal)];
        Dictionary<string, int> part = Assign(groups, parts);
        Row[] Part(int p) => [.. rows.Where((_, i) => part[keys[i]] == p)];
        return new(Part(0), Part(1), Part(2));
    }

    /// <summary>
    /// What two rows must share to count as the same question: letters and digits of the question (or prompt, text, first
    /// user message), lower case, runs of anything else as one space.
    /// </summary>
    public static string KeyOf(Row row)
    {
        string text = row.Fields.ContainsKey("question") ? row.Text("question")
            : row.Fields["prompt"] is { } prompt ? prompt.ToString()
            : row.Fields["messages"] is { } messages ? messages.ToJsonString()
            : row.OptionalText("text") ?? row.Fields.ToJsonString();
        return Normalise(text);
    }

    /// <summary>Lower-case letters and digits, runs of anything else as one space. Text without any stays as it is.</summary>
    public static string Normalise(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune)) result.Append(Rune.ToLowerInvariant(rune).ToString());
            else if (result.Length > 0 && result[^1] != ' ') result.Append(' ');
        }
        string normal = result.ToString().TrimEnd();
        return normal.Length > 0 ? normal : text;
    }

    private static double Place(string key, long seed)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}\n{key}"));
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * (1.0 / (1UL << 53));
    }

    private static double[] Checked(SplitShares shares)
    {
        double[] parts = [shares.Train, shares.Validation, shares.Test];
        if (parts.Any(p => !(p >= 0)) || Math.Abs(parts.Sum() - 1) > 1e-9)
            throw new HoneException($"split shares {string.Join(", ", parts)} must be 0 or more and add up to 1.");
        return parts;
    }

    /// <summary>Groups lie in the order of their hash: parts are three intervals, and a border moves only to fill an empty part.</summary>
    private static Dictionary<string, int> Assign((string Key, double Place)[] groups, double[] parts)
    {
        int[] sizes = new int[3];
        foreach ((_, double place) in groups) sizes[place < parts[0] ? 0 : place < parts[0] + parts[1] ? 1 : 2]++;
        for (int p = 0; p < 3; p++)
        {
            if (parts[p] == 0 || sizes[p] > 0) continue;
            int largest = Array.IndexOf(sizes, sizes.Max());
            if (sizes[largest] < 2) continue;
            (sizes[largest], sizes[p]) = (sizes[largest] - 1, 1);
        }
        Dictionary<string, int> part = [];
        for (int i = 0; i < groups.Length; i++) part[groups[i].Key] = i < sizes[0] ? 0 : i < sizes[0] + sizes[1] ? 1 : 2;
        return part;
    }
}
