using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>
/// The net made deterministic as it is used. A state is a set of places in the net, each with the calls to return from;
/// states and their moves are kept, so every later visit is one look-up. Only one thread at a time.
/// </summary>
internal sealed class ByteAutomaton
{
    /// <summary>The state from which nothing can follow.</summary>
    public const int Dead = -1;

    private const int Unknown = -2;
    private const int MaxPlaces = 100_000;

    private readonly ByteNet net;
    private readonly NetAnalysis analysis;
    private readonly bool[] isEnd;
    private readonly byte[] classOf = new byte[256];
    private readonly List<byte> sampleOf = [];
    private readonly CallStacks stacks = new();
    private readonly Dictionary<Places, int> numbers = [];
    private readonly List<Places> states = [];
    private readonly List<int[]> rows = [];

    // Work space of Close, kept to make no garbage on a miss.
    private readonly HashSet<long> visited = [];
    private readonly Stack<long> open = new();
    private readonly List<long> reading = [];

    public ByteAutomaton(ByteNet net, NetAnalysis analysis)
    {
        this.net = net;
        this.analysis = analysis;
        isEnd = new bool[net.States.Count];
        foreach (NetRule rule in net.Rules) isEnd[rule.End] = true;
        ClassifyBytes();
        Visit(net.Rules[0].Start, CallStacks.Bottom);
        Start = Close();
    }

    /// <summary>The state before the first byte.</summary>
    public int Start { get; }

    /// <summary>States met so far.</summary>
    public int Count => states.Count;

    /// <summary>Whether the text may end here.</summary>
    public bool Accepts(int state) => state >= 0 && states[state].Accepts;

    /// <summary>The state after one more byte.</summary>
    /// <exception cref="HoneException">The grammar is too ambiguous.</exception>
    public int Next(int state, byte value)
    {
        if (state < 0) return Dead;
        int[] row = rows[state];
        int next = row[classOf[value]];
        if (next == Unknown) row[classOf[value]] = next = Compute(state, sampleOf[classOf[value]]);
        return next;
    }

    private int Compute(int state, byte value)
    {
        visited.Clear();
        reading.Clear();
        foreach (long place in states[state].Reading)
        {
            (int at, int stack) = Split(place);
            foreach (ByteMove move in net.States[at].Moves)
                if (value >= move.Low && value <= move.High) Visit(move.Target, stack);
        }
        return Close();
    }

    private void Visit(int state, int stack)
    {
        if (!analysis.IsProductive(state)) return;
        long place = (long)state << 32 | (uint)stack;
        if (!visited.Add(place)) return;
        if (visited.Count > MaxPlaces)
            throw new HoneException($"the grammar is too ambiguous: one text can be read in more than {MaxPlaces:N0} ways at once. Avoid nested parts that may all be empty.");
        open.Push(place);
    }

    /// <summary>Follows silent moves, calls and returns from the places visited, and gives the state they make up.</summary>
    private int Close()
    {
        bool accepts = false;
        while (open.TryPop(out long place))
        {
            (int at, int stack) = Split(place);
            NetState state = net.States[at];
            if (state.Moves.Count > 0) reading.Add(place);
            foreach (int target in state.Silent) Visit(target, stack);
            foreach (RuleCall call in state.Calls)
                if (analysis.IsProductiveRule(call.Rule) && analysis.IsProductive(call.Return)) Visit(net.Rules[call.Rule].Start, stacks.Push(call.Return, stack));
            if (!isEnd[at]) continue;
            if (stack == CallStacks.Bottom) accepts = true;
            else Visit(stacks.ReturnOf(stack), stacks.Below(stack));
        }
        if (reading.Count == 0 && !accepts) return Dead;
        reading.Sort();
        return Number(new Places([.. reading], accepts));
    }

    private int Number(Places places)
    {
        if (numbers.TryGetValue(places, out int number)) return number;
        numbers[places] = number = states.Count;
        states.Add(places);
        int[] row = new int[sampleOf.Count];
        Array.Fill(row, Unknown);
        rows.Add(row);
        return number;
    }

    // Bytes that no move of the grammar tells apart share a column.
    private void ClassifyBytes()
    {
        bool[] cut = new bool[257];
        foreach (NetState state in net.States)
        {
            foreach (ByteMove move in state.Moves) cut[move.Low] = cut[move.High + 1] = true;
        }
        for (int b = 0; b < 256; b++)
        {
            if (b == 0 || cut[b]) sampleOf.Add((byte)b);
            classOf[b] = (byte)(sampleOf.Count - 1);
        }
    }

    private static (int State, int Stack) Split(long place) => ((int)(place >> 32), (int)place);

    private sealed class Places(long[] reading, bool accepts) : IEquatable<Places>
    {
        public long[] Reading { get; } = reading;

        public bool Accepts { get; } = accepts;

        public bool Equals(Places? other) => other is not null && Accepts == other.Accepts && Reading.AsSpan().SequenceEqual(other.Reading);

        public override bool Equals(object? obj) => Equals(obj as Places);

        public override int GetHashCode()
        {
            HashCode hash = new();
            hash.Add(Accepts);
            foreach (long place in Reading) hash.Add(place);
            return hash.ToHashCode();
        }
    }
}

/// <summary>Calls to return from, as linked lists that share their lower parts; equal lists have equal numbers.</summary>
internal sealed class CallStacks
{
    /// <summary>No call.</summary>
    public const int Bottom = 0;

    private readonly Dictionary<long, int> numbers = [];
    private readonly List<(int Return, int Below)> frames = [(0, 0)];

    public int Push(int returnState, int below)
    {
        long key = (long)returnState << 32 | (uint)below;
        if (numbers.TryGetValue(key, out int number)) return number;
        numbers[key] = number = frames.Count;
        frames.Add((returnState, below));
        return number;
    }

    public int ReturnOf(int stack) => frames[stack].Return;

    public int Below(int stack) => frames[stack].Below;
}
