using System.Text;

namespace Hone.Core.Automata;

/// <summary>
/// A deterministic automaton over code points, without states from which nothing can be accepted. State 0 is the start;
/// an automaton that accepts nothing has no states at all.
/// </summary>
public sealed class CodePointAutomaton
{
    /// <summary>Most states one may have.</summary>
    public const int MaxStates = 20_000;

    private readonly List<List<(CodePointSet Set, int Target)>> moves;
    private readonly List<bool> accepts;

    private CodePointAutomaton(List<List<(CodePointSet Set, int Target)>> moves, List<bool> accepts) => (this.moves, this.accepts) = (moves, accepts);

    /// <summary>Number of states.</summary>
    public int Count => moves.Count;

    /// <summary>Whether no text is accepted.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>Whether a text may end in the state.</summary>
    public bool Accepts(int state) => accepts[state];

    /// <summary>The moves out of a state; their sets do not overlap.</summary>
    public IReadOnlyList<(CodePointSet Set, int Target)> Moves(int state) => moves[state];

    /// <summary>Every text of <paramref name="min"/> to <paramref name="max"/> code points; max null is without end.</summary>
    /// <exception cref="HoneException">Too many states.</exception>
    public static CodePointAutomaton OfLength(int min, int? max)
    {
        if (max < min) return new([], []);
        CheckSize((long)(max ?? min) + 1, "a text's length limits");
        int states = (max ?? min) + 1;
        List<List<(CodePointSet, int)>> moves = [];
        for (int i = 0; i + 1 < states; i++) moves.Add([(CodePointSet.All, i + 1)]);
        moves.Add(max is null ? [(CodePointSet.All, states - 1)] : []);
        return new CodePointAutomaton(moves, [.. Enumerable.Range(0, states).Select(i => i >= min)]).Trimmed();
    }

    /// <summary>Exactly these texts.</summary>
    public static CodePointAutomaton OfTexts(IEnumerable<string> texts)
    {
        List<List<(CodePointSet, int)>> moves = [[]];
        List<bool> accepts = [false];
        foreach (string text in texts)
        {
            int state = 0;
            foreach (Rune rune in text.EnumerateRunes())
            {
                int next = moves[state].Where(m => m.Item1.Contains(rune.Value)).Select(m => m.Item2).FirstOrDefault(-1);
                if (next < 0)
                {
                    next = moves.Count;
                    CheckSize(next + 1, "a list of texts");
                    moves[state].Add((CodePointSet.Single(rune.Value), next));
                    moves.Add([]);
                    accepts.Add(false);
                }
                state = next;
            }
            accepts[state] = true;
        }
        return new CodePointAutomaton(moves, accepts).Trimmed();
    }

    internal static CodePointAutomaton FromNfa(Nfa nfa, string pattern)
    {
        SubsetConstruction work = new(nfa, pattern);
        (List<List<(CodePointSet, int)>> moves, List<bool> accepts) = work.Run();
        return new CodePointAutomaton(moves, accepts).Trimmed();
    }

    /// <summary>An automaton made state by state; state 0 is the start, sets of one state must not overlap.</summary>
    public static CodePointAutomaton FromMoves(IEnumerable<IEnumerable<(CodePointSet Set, int Target)>> moves, IEnumerable<bool> accepts) =>
        new CodePointAutomaton([.. moves.Select(m => m.ToList())], [.. accepts]).Trimmed();

    /// <summary>Texts that both accept.</summary>
    /// <exception cref="HoneException">Too many states.</exception>
    public CodePointAutomaton Intersect(CodePointAutomaton other)
    {
        if (IsEmpty || other.IsEmpty) return new([], []);
        Dictionary<(int, int), int> numbers = new() { [(0, 0)] = 0 };
        List<(int A, int B)> pairs = [(0, 0)];
        List<List<(CodePointSet, int)>> product = [];
        for (int i = 0; i < pairs.Count; i++)
        {
            List<(CodePointSet, int)> here = [];
            foreach ((CodePointSet set, int target) in moves[pairs[i].A])
            {
                foreach ((CodePointSet otherSet, int otherTarget) in other.moves[pairs[i].B])
                {
                    CodePointSet both = set.Intersect(otherSet);
                    if (both.IsEmpty) continue;
                    if (!numbers.TryGetValue((target, otherTarget), out int number))
                    {
                        numbers[(target, otherTarget)] = number = pairs.Count;
                        pairs.Add((target, otherTarget));
                        CheckSize(pairs.Count, "a combination of text constraints");
                    }
                    here.Add((both, number));
                }
            }
            product.Add(here);
        }
        return new CodePointAutomaton(product, [.. pairs.Select(p => accepts[p.A] && other.accepts[p.B])]).Trimmed();
    }

    /// <summary>Every text this does not accept.</summary>
    public CodePointAutomaton Complement()
    {
        int sink = Count;
        List<List<(CodePointSet, int)>> all = [.. moves.Select(m => WithRest(m, sink)), [(CodePointSet.All, sink)]];
        return new CodePointAutomaton(all, [.. accepts.Select(a => !a), true]).Trimmed();
    }

    /// <summary>Whether the text is accepted.</summary>
    public bool IsMatch(string text) => Run(text) is >= 0 and int state && accepts[state];

    /// <summary>Whether some accepted text starts with this one.</summary>
    public bool CanContinue(string text) => Run(text) >= 0;

    private int Run(string text)
    {
        int state = IsEmpty ? -1 : 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (state < 0) break;
            state = moves[state].Where(m => m.Set.Contains(rune.Value)).Select(m => m.Target).FirstOrDefault(-1);
        }
        return state;
    }

    private static List<(CodePointSet, int)> WithRest(List<(CodePointSet Set, int Target)> moves, int sink)
    {
        CodePointSet covered = CodePointSet.Of(moves.SelectMany(m => m.Set.Ranges).Select(r => (r.Low, r.High)));
        CodePointSet rest = covered.Complement();
        return rest.IsEmpty ? [.. moves] : [.. moves, (rest, sink)];
    }

    /// <summary>Without the states from which, or to which, no accepted text leads.</summary>
    private CodePointAutomaton Trimmed()
    {
        List<int>[] from = [.. moves.Select(_ => new List<int>())];
        for (int s = 0; s < moves.Count; s++)
            foreach ((_, int target) in moves[s]) from[target].Add(s);
        bool[] alive = Spread(Enumerable.Range(0, moves.Count).Where(s => accepts[s]), s => from[s], moves.Count);
        if (moves.Count == 0 || !alive[0]) return new([], []);
        bool[] reached = Spread([0], s => moves[s].Where(m => alive[m.Target]).Select(m => m.Target), moves.Count);
        int[] kept = [.. Enumerable.Range(0, moves.Count).Where(s => alive[s] && reached[s])];
        int[] number = new int[moves.Count];
        for (int i = 0; i < kept.Length; i++) number[kept[i]] = i;
        return new([.. kept.Select(s => moves[s].Where(m => alive[m.Target]).Select(m => (m.Set, number[m.Target])).ToList())], [.. kept.Select(s => accepts[s])]);
    }

    private static bool[] Spread(IEnumerable<int> start, Func<int, IEnumerable<int>> next, int count)
    {
        bool[] seen = new bool[count];
        Stack<int> open = new(start);
        while (open.TryPop(out int state))
        {
            if (seen[state]) continue;
            seen[state] = true;
            foreach (int target in next(state)) open.Push(target);
        }
        return seen;
    }

    internal static void CheckSize(long states, string what)
    {
        if (states > MaxStates) throw new HoneException($"{what} needs an automaton of more than {MaxStates:N0} states. Use smaller limits or a simpler pattern.");
    }
}
