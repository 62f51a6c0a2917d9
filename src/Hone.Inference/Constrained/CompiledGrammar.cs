using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>
/// A grammar bound to a vocabulary. Masks are worked out when first asked for and kept; one compiled grammar serves any
/// number of sequences and threads.
/// </summary>
public sealed class CompiledGrammar
{
    // 2,048 masks of 49,152 tokens are 12 MB.
    private const int MaxMasks = 2048;

    private readonly ByteAutomaton automaton;
    private readonly Dictionary<int, ulong[]> masks = [];
    private readonly Stack<ulong[]> spareMasks = new();
    private readonly int[] path;
    private readonly Lock gate = new();

    private CompiledGrammar(ByteAutomaton automaton, TokenVocabulary vocabulary)
    {
        this.automaton = automaton;
        Vocabulary = vocabulary;
        path = new int[vocabulary.MaxDepth + 1];
    }

    /// <summary>The vocabulary.</summary>
    public TokenVocabulary Vocabulary { get; }

    /// <summary>Binds a grammar to a vocabulary; takes milliseconds.</summary>
    /// <exception cref="HoneException">No text follows the grammar.</exception>
    public static CompiledGrammar Compile(Grammar grammar, TokenVocabulary vocabulary)
    {
        NetAnalysis analysis = new(grammar.Net);
        if (!analysis.IsProductiveRule(0))
            throw new HoneException($"{grammar.Description} cannot be satisfied: {(grammar.Contradictions.Count > 0 ? string.Join("; ", grammar.Contradictions) : "no text follows it")}.");
        return new CompiledGrammar(new ByteAutomaton(grammar.Net, analysis), vocabulary);
    }

    /// <summary>A new sequence, before its first token.</summary>
    public GrammarState Start() => new(this, automaton.Start);

    internal bool CanEnd(int state)
    {
        lock (gate) return automaton.Accepts(state);
    }

    internal int Advance(int state, ReadOnlySpan<byte> text)
    {
        lock (gate)
        {
            foreach (byte value in text) state = automaton.Next(state, value);
            return state;
        }
    }

    internal void CopyMask(int state, Span<ulong> bits)
    {
        lock (gate)
        {
            if (!masks.TryGetValue(state, out ulong[]? mask)) mask = ComputeMask(state);
            mask.CopyTo(bits);
        }
    }

    private ulong[] ComputeMask(int state)
    {
        if (masks.Count >= MaxMasks)
        {
            foreach (ulong[] old in masks.Values) spareMasks.Push(old);
            masks.Clear();
        }
        if (spareMasks.TryPop(out ulong[]? mask)) Array.Clear(mask);
        else mask = new ulong[Vocabulary.MaskLength];
        Vocabulary.Fill(automaton, state, mask, path);
        if (automaton.Accepts(state))
            foreach (int id in Vocabulary.EndIds) mask[id >> 6] |= 1UL << id;
        return masks[state] = mask;
    }
}
