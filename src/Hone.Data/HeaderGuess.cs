using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Data;

/// <summary>Whether the first record of a delimited file names the columns.</summary>
internal static partial class HeaderGuess
{
    private const int MaxNameLength = 40;

    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        "answer", "body", "category", "chosen", "class", "completion", "content", "id", "input", "label", "message", "messages",
        "output", "prompt", "question", "rationale", "rejected", "response", "solution", "target", "text", "title", "type", "v1", "v2",
    };

    /// <summary>
    /// A header has distinct short names without sentence punctuation (spreadsheets may leave some empty), and either a name that column names usually bear, or
    /// one that a --map entry asks for, or cells that never occur as values in the records below.
    /// </summary>
    public static bool IsHeader(IReadOnlyList<string> first, IReadOnlyList<IReadOnlyList<string>> following, ColumnMap map)
    {
        string[] named = [.. first.Where(c => c.Trim().Length > 0)];
        if (named.Length * 3 < first.Count || !Array.TrueForAll(named, IsName) || named.Distinct().Count() != named.Length) return false;
        if (map.Entries.Any(e => e.Sources.All(s => first.Contains(s)))) return true;
        if (first.Any(Known.Contains)) return true;
        return following.Count > 0 && !RepeatsBelow(first, following) && first.Count > 1 && LooksUnlike(first, following);
    }

    /// <summary>Names for columns without a header: column1, column2 …</summary>
    public static string[] DefaultNames(int count) => [.. Enumerable.Range(1, count).Select(i => $"column{i}")];

    /// <summary>Checks a header and fills in names for empty cells.</summary>
    /// <exception cref="HoneException">A name occurs twice.</exception>
    public static string[] Names(IReadOnlyList<string> header, string path, long line)
    {
        string[] names = [.. header.Select((name, i) => name.Trim().Length > 0 ? name.Trim() : $"column{i + 1}")];
        string? twice = names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? names : throw HoneException.At(path, line, $"column '{twice}' occurs twice in the header.");
    }

    private static bool IsName(string cell) => cell.Length <= MaxNameLength && NamePattern().IsMatch(cell);

    private static bool RepeatsBelow(IReadOnlyList<string> first, IReadOnlyList<IReadOnlyList<string>> following) =>
        following.Any(record => record.Zip(first).Any(pair => pair.First == pair.Second));

    private static bool LooksUnlike(IReadOnlyList<string> first, IReadOnlyList<IReadOnlyList<string>> following) =>
        Enumerable.Range(0, first.Count).Any(i => following.All(record => i < record.Count && !IsName(record[i])));

    [GeneratedRegex(@"^\s*[\p{L}_][\p{L}\p{N}_ ./()-]*\s*$")]
    private static partial Regex NamePattern();
}
