namespace Hone.Core.Automata;

/// <summary>From a nondeterministic automaton to a deterministic one: its states are sets of the other's.</summary>
internal sealed class SubsetConstruction(Nfa nfa, string pattern)
{
    private const long MaxWork = 3_000_000;

    private readonly Dictionary<string, int> numbers = [];
    private readonly List<SortedSet<int>> sets = [];
    private readonly List<List<(CodePointSet, int)>> moves = [];
    private readonly List<bool> accepts = [];
    private long work;

    public (List<List<(CodePointSet, int)>> Moves, List<bool> Accepts) Run()
    {
        Number(nfa.Closure([nfa.StartState], atStart: true, atEnd: false), isStart: true);
        for (int i = 0; i < sets.Count; i++) moves.Add(MovesOf(sets[i]));
        return (moves, accepts);
    }

    // The start is kept apart from the same set reached later: only it may pass the start anchors.
    private int Number(SortedSet<int> set, bool isStart)
    {
        string key = (isStart ? "^" : "") + string.Join(',', set);
        if (numbers.TryGetValue(key, out int number)) return number;
        numbers[key] = number = sets.Count;
        sets.Add(set);
        accepts.Add(nfa.Accepts(set, isStart));
        CodePointAutomaton.CheckSize(sets.Count, $"the regular expression '{pattern}'");
        work += set.Count;
        if (work > MaxWork) throw new HoneException($"the regular expression '{pattern}' is too ambiguous to become an automaton. Use smaller repetition counts.");
        return number;
    }

    private List<(CodePointSet, int)> MovesOf(SortedSet<int> set)
    {
        (CodePointSet Set, int Target)[] raw = [.. nfa.Moves(set)];
        // Between two neighbouring bounds the same moves apply.
        int[] bounds = [.. raw.SelectMany(m => m.Set.Ranges).SelectMany(r => new[] { r.Low, r.High + 1 }).Distinct().Order()];
        Dictionary<int, List<(int, int)>> byTarget = [];
        Dictionary<string, int> seen = []; // large classes bring hundreds of intervals with the same few targets
        for (int i = 0; i + 1 < bounds.Length; i++)
        {
            int[] targets = [.. raw.Where(m => m.Set.Contains(bounds[i])).Select(m => m.Target).Distinct()];
            if (targets.Length == 0) continue;
            string key = string.Join(',', targets);
            if (!seen.TryGetValue(key, out int target)) seen[key] = target = Number(nfa.Closure(targets, atStart: false, atEnd: false), isStart: false);
            if (!byTarget.TryGetValue(target, out List<(int, int)>? parts)) byTarget[target] = parts = [];
            parts.Add((bounds[i], bounds[i + 1] - 1));
        }
        return [.. byTarget.Select(t => (CodePointSet.Of(t.Value), t.Key))];
    }
}
