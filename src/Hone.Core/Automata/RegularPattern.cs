using System.Text;

namespace Hone.Core.Automata;

/// <summary>
/// A regular expression without backtracking: hostile patterns and texts cost time in proportion to their sizes. Works on
/// code points, so a letter outside the basic plane is one letter.
/// </summary>
public sealed class RegularPattern
{
    private readonly Nfa nfa;
    private readonly Lazy<CodePointAutomaton> automaton;

    private RegularPattern(string pattern, Nfa nfa)
    {
        Pattern = pattern;
        this.nfa = nfa;
        automaton = new(() => CodePointAutomaton.FromNfa(nfa, pattern));
    }

    /// <summary>The pattern as it was written.</summary>
    public string Pattern { get; }

    /// <summary>A pattern that must match a whole text.</summary>
    /// <exception cref="HoneException">The pattern is malformed or not regular; the message names the feature.</exception>
    public static RegularPattern Whole(string pattern, RegexDialect dialect = RegexDialect.Unicode) =>
        new(pattern, Nfa.Build(RegexParser.Parse(pattern, dialect), isSearch: false));

    /// <summary>A pattern that must match somewhere in a text, as JSON Schema's <c>pattern</c>.</summary>
    /// <exception cref="HoneException">The pattern is malformed or not regular; the message names the feature.</exception>
    public static RegularPattern Search(string pattern, RegexDialect dialect = RegexDialect.Ecma) =>
        new(pattern, Nfa.Build(RegexParser.Parse(pattern, dialect), isSearch: true));

    /// <summary>Whether the text matches.</summary>
    public bool IsMatch(string text) => Run(text) is { } end && nfa.Accepts(end, text.Length == 0);

    /// <summary>Whether the text matches or can be extended to a match by appending.</summary>
    public bool CanBecomeMatch(string text) => Run(text) is { } end && (nfa.Accepts(end, text.Length == 0) || ToAutomaton().CanContinue(text));

    /// <summary>The same language as a deterministic automaton.</summary>
    /// <exception cref="HoneException">It would have too many states.</exception>
    public CodePointAutomaton ToAutomaton() => automaton.Value;

    private SortedSet<int>? Run(string text)
    {
        SortedSet<int> states = nfa.Closure([nfa.StartState], atStart: true, atEnd: false);
        foreach (Rune rune in text.EnumerateRunes())
        {
            states = nfa.Closure(nfa.Moves(states).Where(m => m.Set.Contains(rune.Value)).Select(m => m.Target), atStart: false, atEnd: false);
            if (states.Count == 0) return null;
        }
        return states;
    }
}
