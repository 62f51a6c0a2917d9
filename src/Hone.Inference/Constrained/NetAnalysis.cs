using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>
/// What must be known of a net before running it: which states can still come to an end (a token is only allowed if the
/// rest can be completed), and that no rule calls itself before reading anything.
/// </summary>
internal sealed class NetAnalysis
{
    private readonly ByteNet net;
    private readonly bool[] productive;
    private readonly bool[] productiveRule;
    private readonly bool[] nullable;

    public NetAnalysis(ByteNet net)
    {
        this.net = net;
        productive = new bool[net.States.Count];
        productiveRule = new bool[net.Rules.Count];
        nullable = new bool[net.Rules.Count];
        FindProductive();
        FindNullable();
        RefuseLeftRecursion();
    }

    /// <summary>Whether the end of its rule can be reached from a state.</summary>
    public bool IsProductive(int state) => productive[state];

    /// <summary>Whether some text follows the rule.</summary>
    public bool IsProductiveRule(int rule) => productiveRule[rule];

    // Backwards from the ends of rules; a call counts once its rule does.
    private void FindProductive()
    {
        List<int>[] before = Lists(net.States.Count), callers = Lists(net.Rules.Count);
        List<(int From, int Rule)>[] callsInto = [.. net.States.Select(_ => new List<(int, int)>())];
        List<int>[] rulesStarting = Lists(net.States.Count);
        for (int s = 0; s < net.States.Count; s++)
        {
            foreach (ByteMove move in net.States[s].Moves) before[move.Target].Add(s);
            foreach (int target in net.States[s].Silent) before[target].Add(s);
            foreach (RuleCall call in net.States[s].Calls)
            {
                callsInto[call.Return].Add((s, call.Rule));
                callers[call.Rule].Add(s);
            }
        }
        for (int r = 0; r < net.Rules.Count; r++) rulesStarting[net.Rules[r].Start].Add(r);
        Stack<int> open = new();
        foreach (NetRule rule in net.Rules) Mark(rule.End);
        while (open.TryPop(out int state))
        {
            foreach (int s in before[state]) Mark(s);
            foreach ((int from, int rule) in callsInto[state])
                if (productiveRule[rule]) Mark(from);
            foreach (int rule in rulesStarting[state])
            {
                productiveRule[rule] = true;
                foreach (int s in callers[rule])
                    if (net.States[s].Calls.Any(c => c.Rule == rule && productive[c.Return])) Mark(s);
            }
        }

        void Mark(int state)
        {
            if (productive[state]) return;
            productive[state] = true;
            open.Push(state);
        }
    }

    // A rule that starts by reading is not nullable; only the few others are looked at again.
    private void FindNullable()
    {
        List<int> open = [.. Enumerable.Range(0, net.Rules.Count).Where(r => net.States[net.Rules[r].Start] is { Silent.Count: > 0 } or { Calls.Count: > 0 })];
        while (open.RemoveAll(r => nullable[r] = BeforeReading(net.Rules[r].Start).Contains(net.Rules[r].End)) > 0) { }
    }

    /// <summary>States of the same rule that can be reached without reading.</summary>
    private HashSet<int> BeforeReading(int start)
    {
        HashSet<int> reached = [start];
        Stack<int> open = new([start]);
        while (open.TryPop(out int state))
            foreach (int next in net.States[state].Silent.Concat(net.States[state].Calls.Where(c => nullable[c.Rule]).Select(c => c.Return)))
                if (reached.Add(next)) open.Push(next);
        return reached;
    }

    private void RefuseLeftRecursion()
    {
        int[][] first = [.. net.Rules.Select(rule => BeforeReading(rule.Start).SelectMany(s => net.States[s].Calls).Select(c => c.Rule).Distinct().ToArray())];
        int[] mark = new int[net.Rules.Count]; // 0 new, 1 being looked at, 2 done
        for (int root = 0; root < mark.Length; root++)
        {
            Stack<(int Rule, int Next)> path = new();
            if (mark[root] == 0) path.Push((root, 0));
            while (path.TryPop(out (int Rule, int Next) at))
            {
                mark[at.Rule] = 1;
                if (at.Next == first[at.Rule].Length)
                {
                    mark[at.Rule] = 2;
                    continue;
                }
                path.Push((at.Rule, at.Next + 1));
                int called = first[at.Rule][at.Next];
                if (mark[called] == 1)
                    throw new HoneException($"rule '{net.Rules[called].Name}' of the grammar is left-recursive: it calls itself before reading anything. Write it as a repetition.");
                if (mark[called] == 0) path.Push((called, 0));
            }
        }
    }

    private static List<int>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<int>())];
}
