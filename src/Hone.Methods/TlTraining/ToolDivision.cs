using Hone.Core;

namespace Hone.Methods.TlTraining;

/// <summary>Divides conversations so that no tool of the one part occurs in the other.</summary>
internal static class ToolDivision
{
    /// <summary>Names of the tools that a conversation offers or calls.</summary>
    public static string[] NamesIn(Trajectory trajectory) =>
        [.. trajectory.Tools.Select(t => t.Name).Concat(trajectory.Turns.Select(t => t.Call?.Name).OfType<string>()).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Which conversations are set apart.</summary>
    /// <param name="tools">[conversations] names of each.</param>
    /// <param name="share">Share of the conversations to set apart, above 0 and below 1; not more, unless the smallest group is more.</param>
    /// <param name="seed">Which tools those are.</param>
    /// <returns>[conversations]; null where all are tied together by the tools they share.</returns>
    public static bool[]? Unseen(IReadOnlyList<string[]> tools, double share, long seed)
    {
        int[] group = Connected(tools);
        (int Group, int Rows)[] groups = [.. group.GroupBy(g => g).Select(g => (g.Key, g.Count())).OrderBy(g => new RandomStream(seed, "tool-split").Derive(tools[g.Key].FirstOrDefault() ?? "").NextDouble())];
        if (groups.Length < 2) return null;
        HashSet<int> unseen = [];
        int taken = 0;
        foreach ((int number, int rows) in groups)
        {
            if (taken + rows > share * tools.Count + 0.5 || unseen.Count == groups.Length - 1) continue;
            unseen.Add(number);
            taken += rows;
        }
        if (taken == 0) unseen = [groups.MinBy(g => g.Rows).Group];
        return [.. group.Select(unseen.Contains)];
    }

    /// <summary>The first row of each one's group; rows that share a name, directly or through others, are of one group.</summary>
    private static int[] Connected(IReadOnlyList<string[]> names)
    {
        int[] parent = [.. Enumerable.Range(0, names.Count)];
        Dictionary<string, int> first = new(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
            foreach (string name in names[i])
            {
                if (first.TryAdd(name, i)) continue;
                (int a, int b) = (Root(i), Root(first[name]));
                parent[Math.Max(a, b)] = Math.Min(a, b);
            }
        return [.. Enumerable.Range(0, names.Count).Select(Root)];

        int Root(int i)
        {
            while (parent[i] != i) i = parent[i] = parent[parent[i]];
            return i;
        }
    }
}
