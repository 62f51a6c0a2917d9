using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Hone.Tests;

/// <summary>
/// Counts how many recorded rows a test tried and how many were equal. With HONE_PARITY=FILE in the environment the counts of
/// the whole run replace the table between the two marks in that file when the process ends: so is docs/parity.md kept.
/// </summary>
internal static class Parity
{
    private const string Start = "<!-- counts -->", End = "<!-- end of counts -->";

    private static readonly ConcurrentDictionary<(string Class, string Test), Tally> Tallies = new();

    static Parity()
    {
        if (Environment.GetEnvironmentVariable("HONE_PARITY") is { Length: > 0 } path)
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Replace(Path.GetFullPath(path, SharedData.RepositoryRoot));
    }

    /// <summary>Adds rows to the calling test's count, whatever the outcome of its assertions.</summary>
    /// <param name="tried">Rows compared.</param>
    /// <param name="equal">Rows that were equal, or within the test's tolerance.</param>
    /// <param name="largest">Largest absolute difference met, where numbers are compared by tolerance.</param>
    public static void Count(int tried, int equal, double? largest = null, string? test = null, [CallerFilePath] string file = "", [CallerMemberName] string member = "") =>
        Tallies.GetOrAdd((Path.GetFileNameWithoutExtension(file), test ?? member), _ => new Tally()).Add(tried, equal, largest);

    /// <summary>One row whose numbers differ by <paramref name="difference"/>; returns it, for the assertion that follows.</summary>
    public static double Difference(double difference, double tolerance, [CallerFilePath] string file = "", [CallerMemberName] string member = "")
    {
        Count(1, difference <= tolerance ? 1 : 0, difference, null, file, member);
        return difference;
    }

    private static void Replace(string path)
    {
        string page = File.ReadAllText(path);
        int from = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length, to = page.IndexOf(End, StringComparison.Ordinal);
        if (from < Start.Length || to < from) throw new InvalidOperationException($"{path}: the marks {Start} and {End} are missing.");
        AtomicFile.WriteText(path, page[..from] + "\n" + Table() + page[to..]);
    }

    private static string Table()
    {
        StringBuilder text = new();
        text.Append("| test | rows tried | rows equal | largest difference |\n|---|---:|---:|---:|\n");
        foreach (((string name, string test), Tally tally) in Tallies.OrderBy(t => t.Key))
            text.Append(CultureInfo.InvariantCulture, $"| {name.Replace("GoldenTests", "").Replace("Tests", "")}: {test.Replace('_', ' ')} | {tally.Tried:N0} | {tally.Equal:N0} | {tally.Show()} |\n");
        text.Append(CultureInfo.InvariantCulture, $"| **all** | **{Tallies.Values.Sum(t => t.Tried):N0}** | **{Tallies.Values.Sum(t => t.Equal):N0}** | |\n");
        return text.ToString();
    }

    private sealed class Tally
    {
        private double? largest;

        public int Tried { get; private set; }

        public int Equal { get; private set; }

        public void Add(int tried, int equal, double? difference)
        {
            lock (this)
            {
                Tried += tried;
                Equal += equal;
                if (difference is { } d) largest = Math.Max(largest ?? 0, d);
            }
        }

        public string Show() => largest is { } d ? d.ToString("0.0e-0", CultureInfo.InvariantCulture) : "–";
    }
}
