using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>
/// A grammar as a network over bytes: states with moves that read one byte of a range, silent moves, and calls of rules,
/// which may be recursive. Rule 0 is the root.
/// </summary>
internal sealed class ByteNet
{
    /// <summary>Most states a grammar may have.</summary>
    public const int MaxStates = 400_000;

    private readonly List<NetState> states = [];
    private readonly List<NetRule> rules = [];

    public IReadOnlyList<NetState> States => states;

    public IReadOnlyList<NetRule> Rules => rules;

    /// <exception cref="HoneException">The grammar is too large.</exception>
    public int AddState()
    {
        if (states.Count >= MaxStates) throw new HoneException($"the grammar needs more than {MaxStates:N0} states. Use smaller limits in it.");
        states.Add(new NetState());
        return states.Count - 1;
    }

    public int AddRule(string name)
    {
        rules.Add(new NetRule(name, AddState(), AddState()));
        return rules.Count - 1;
    }

    public void Read(int from, byte low, byte high, int to) => states[from].Moves.Add(new ByteMove(low, high, to));

    public void Silent(int from, int to) => states[from].Silent.Add(to);

    public void Call(int from, int rule, int to) => states[from].Calls.Add(new RuleCall(rule, to));

    /// <summary>Takes over another net; returns the number its root rule has here.</summary>
    public int Include(ByteNet other)
    {
        (int firstState, int firstRule) = (states.Count, rules.Count);
        foreach (NetState state in other.states)
        {
            NetState copy = states[AddState()];
            copy.Moves.AddRange(state.Moves.Select(m => m with { Target = m.Target + firstState }));
            copy.Silent.AddRange(state.Silent.Select(target => target + firstState));
            copy.Calls.AddRange(state.Calls.Select(c => new RuleCall(c.Rule + firstRule, c.Return + firstState)));
        }
        rules.AddRange(other.rules.Select(r => new NetRule(r.Name, r.Start + firstState, r.End + firstState)));
        return firstRule;
    }

    /// <summary>Reads exactly these bytes.</summary>
    public void Literal(int from, ReadOnlySpan<byte> bytes, int to)
    {
        if (bytes.Length == 0)
        {
            Silent(from, to);
            return;
        }
        for (int i = 0; i < bytes.Length; i++)
        {
            int next = i == bytes.Length - 1 ? to : AddState();
            Read(from, bytes[i], bytes[i], next);
            from = next;
        }
    }
}

/// <summary>Reads one byte in [Low, High].</summary>
internal readonly record struct ByteMove(byte Low, byte High, int Target);

/// <summary>Reads what a rule describes, then goes on at Return.</summary>
internal readonly record struct RuleCall(int Rule, int Return);

/// <summary>A rule: what lies between its two states.</summary>
internal sealed record NetRule(string Name, int Start, int End);

internal sealed class NetState
{
    public List<ByteMove> Moves { get; } = [];

    public List<int> Silent { get; } = [];

    public List<RuleCall> Calls { get; } = [];
}
