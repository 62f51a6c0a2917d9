using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Hone.Core.Automata;

namespace Hone.Core.Schema;

/// <summary>
/// Patterns of a schema, compiled once: without backtracking where the pattern is regular, else by .NET with a time limit.
/// </summary>
internal sealed class PatternCache
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Func<string, bool>> patterns = new(StringComparer.Ordinal);

    public bool IsMatch(string pattern, string text) => patterns.GetOrAdd(pattern, Compile)(text);

    private static Func<string, bool> Compile(string pattern)
    {
        try
        {
            return RegularPattern.Search(pattern).IsMatch;
        }
        catch (HoneException error)
        {
            Regex? regex = TryBacktracking(pattern);
            if (regex is null) throw new HoneException($"pattern: {error.Message}", error);
            return text => Run(regex, text);
        }
    }

    private static Regex? TryBacktracking(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, Limit);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static bool Run(Regex regex, string text)
    {
        try
        {
            return regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw new HoneException($"pattern '{regex}' took longer than {Limit.TotalSeconds} s on a text of {text.Length} characters.", error);
        }
    }
}
