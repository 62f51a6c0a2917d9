namespace Hone.Core.Automata;

/// <summary>
/// A nondeterministic automaton over code points with the two text anchors. Runs of a text take time in proportion to its
/// length times the automaton's size, whatever the pattern.
/// </summary>
internal sealed class Nfa
{
    /// <summary>Most states a pattern may need; a{1000}b{1000} needs about 6,000.</summary>
    public const int MaxStates = 50_000;

    private readonly List<State> states = [];

    private sealed record State(List<(CodePointSet Set, int Target)> Moves, List<(Edge Kind, int Target)> Silent);

    private enum Edge
    {
        Free,
        AtStart,
        AtEnd,
    }

    public int StartState { get; private set; }

    public int AcceptState { get; private set; }

    public int Count => states.Count;

    /// <summary>The automaton of a pattern, which must match the whole text, or, as a search, some part of it.</summary>
    public static Nfa Build(RegexNode node, bool isSearch)
    {
        Nfa nfa = new();
        int start = nfa.Add(), end = nfa.Add();
        nfa.Connect(node, start, end);
        if (isSearch)
        {
            nfa.states[start].Moves.Add((CodePointSet.All, nfa.Loop(start)));
            int after = nfa.Add();
            nfa.Free(end, after);
            nfa.states[after].Moves.Add((CodePointSet.All, after));
            end = after;
        }
        (nfa.StartState, nfa.AcceptState) = (start, end);
        return nfa;
    }

    // Before the match any text may stand. Coming back to the start this way does not open its anchors again.
    private int Loop(int start)
    {
        int loop = Add();
        states[loop].Moves.Add((CodePointSet.All, loop));
        Free(loop, start);
        return loop;
    }

    private int Add()
    {
        if (states.Count >= MaxStates) throw new HoneException($"a regular expression needs more than {MaxStates:N0} states. Use smaller repetition counts.");
        states.Add(new([], []));
        return states.Count - 1;
    }

    private void Free(int from, int to) => states[from].Silent.Add((Edge.Free, to));

    private void Connect(RegexNode node, int from, int to)
    {
        switch (node)
        {
            case RegexNode.Chars chars: states[from].Moves.Add((chars.Set, to)); break;
            case RegexNode.Start: states[from].Silent.Add((Edge.AtStart, to)); break;
            case RegexNode.End: states[from].Silent.Add((Edge.AtEnd, to)); break;
            case RegexNode.Choice choice:
                foreach (RegexNode option in choice.Options) ConnectApart(option, from, to);
                break;
            case RegexNode.Sequence sequence:
                int here = from;
                foreach (RegexNode part in sequence.Parts)
                {
                    int next = Add();
                    Connect(part, here, next);
                    here = next;
                }
                Free(here, to);
                break;
            case RegexNode.Repeat repeat: ConnectRepeat(repeat, from, to); break;
        }
    }

    // States of its own keep a loop inside one option from being entered by another.
    private void ConnectApart(RegexNode node, int from, int to)
    {
        int start = Add(), end = Add();
        Free(from, start);
        Connect(node, start, end);
        Free(end, to);
    }

    private void ConnectRepeat(RegexNode.Repeat repeat, int from, int to)
    {
        int here = from;
        for (int i = 0; i < repeat.Min; i++) here = After(repeat.Inner, here);
        if (repeat.Max is { } max)
        {
            for (int i = repeat.Min; i < max; i++)
            {
                Free(here, to);
                here = After(repeat.Inner, here);
            }
            Free(here, to);
            return;
        }
        int loop = Add();
        Free(here, loop);
        ConnectApart(repeat.Inner, loop, loop);
        Free(loop, to);
    }

    private int After(RegexNode node, int from)
    {
        int next = Add();
        ConnectApart(node, from, next);
        return next;
    }

    /// <summary>All states reachable without reading, from a set; <paramref name="atStart"/> opens the start anchors, <paramref name="atEnd"/> the end anchors.</summary>
    public SortedSet<int> Closure(IEnumerable<int> from, bool atStart, bool atEnd)
    {
        SortedSet<int> reached = [.. from];
        Stack<int> open = new(reached);
        while (open.TryPop(out int state))
        {
            foreach ((Edge kind, int target) in states[state].Silent)
            {
                bool isOpen = kind == Edge.Free || (kind == Edge.AtStart && atStart) || (kind == Edge.AtEnd && atEnd);
                if (isOpen && reached.Add(target)) open.Push(target);
            }
        }
        return reached;
    }

    /// <summary>The moves out of a set of states.</summary>
    public IEnumerable<(CodePointSet Set, int Target)> Moves(IEnumerable<int> from) => from.SelectMany(s => states[s].Moves);

    public bool Accepts(SortedSet<int> closed, bool atStart) => Closure(closed, atStart, atEnd: true).Contains(AcceptState);
}
