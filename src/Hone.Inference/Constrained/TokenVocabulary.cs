using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>
/// The tokens of a model as bytes, ordered as a tree, so that a start shared by many tokens is tried once. Made once per
/// tokenizer and used by all grammars.
/// </summary>
public sealed partial class TokenVocabulary
{
    private readonly byte[] bytes;
    private readonly int[] ends;
    private readonly ushort[] depths;
    private readonly int[] firstToken;
    private readonly int[] nextToken;
    private readonly byte[]?[] tokens;

    /// <summary>Builds the tree.</summary>
    /// <param name="tokenBytes">By id, what each token writes; null or empty for tokens that are never text (special tokens, padding).</param>
    /// <param name="endIds">Ids that end a sequence; allowed exactly where the grammar may end.</param>
    /// <exception cref="HoneException">An end id outside the vocabulary, or a token of more than 65,535 bytes.</exception>
    public TokenVocabulary(IReadOnlyList<byte[]?> tokenBytes, IReadOnlyCollection<int> endIds)
    {
        foreach (int id in endIds)
            if (id < 0 || id >= tokenBytes.Count) throw new HoneException($"end-of-sequence id {id} lies outside the vocabulary of {tokenBytes.Count} tokens.");
        EndIds = [.. endIds];
        tokens = [.. tokenBytes];
        int[] order = [.. Enumerable.Range(0, tokens.Length).Where(id => tokens[id] is { Length: > 0 } && !EndIds.Contains(id))];
        Array.Sort(order, (a, b) => tokens[a].AsSpan().SequenceCompareTo(tokens[b]));
        nextToken = new int[tokens.Length];
        Textless = new ulong[MaskLength];
        for (int id = 0; id < tokens.Length; id++)
            if (tokens[id] is not { Length: > 0 } && !EndIds.Contains(id)) Textless[id >> 6] |= 1UL << id;
        (bytes, ends, depths, firstToken) = BuildTree(order);
    }

    /// <summary>Number of tokens.</summary>
    public int Count => tokens.Length;

    /// <summary>Words of 64 bits that a mask takes.</summary>
    public int MaskLength => (Count + 63) / 64;

    /// <summary>Ids that end a sequence.</summary>
    public IReadOnlyList<int> EndIds { get; }

    /// <summary>[MaskLength] bits of the tokens that are never text and end nothing.</summary>
    internal ulong[] Textless { get; }

    internal int Nodes => bytes.Length;

    /// <summary>What a token writes; empty for one that is never text.</summary>
    internal ReadOnlySpan<byte> BytesOf(int token) => tokens[token];

    private (byte[], int[], ushort[], int[]) BuildTree(int[] order)
    {
        List<byte> labels = [];
        List<int> endsOf = [], firsts = [];
        List<ushort> depthsOf = [];
        List<int> path = []; // nodes from the root to the last one added
        ReadOnlySpan<byte> last = [];
        foreach (int id in order)
        {
            byte[] text = tokens[id]!;
            if (text.Length > ushort.MaxValue) throw new HoneException($"token {id} has {text.Length} bytes, more than {ushort.MaxValue}.");
            int shared = last.CommonPrefixLength(text);
            CloseTo(shared, path, endsOf, labels.Count);
            for (int i = shared; i < text.Length; i++)
            {
                path.Add(labels.Count);
                labels.Add(text[i]);
                depthsOf.Add((ushort)i);
                endsOf.Add(0);
                firsts.Add(-1);
            }
            nextToken[id] = firsts[path[^1]];
            firsts[path[^1]] = id;
            last = text;
        }
        CloseTo(0, path, endsOf, labels.Count);
        return ([.. labels], [.. endsOf], [.. depthsOf], [.. firsts]);
    }

    private static void CloseTo(int depth, List<int> path, List<int> ends, int end)
    {
        for (; path.Count > depth; path.RemoveAt(path.Count - 1)) ends[path[^1]] = end;
    }

    internal int MaxDepth => depths.Length == 0 ? 0 : depths.Max() + 1;

    /// <summary>Sets the bit of every token that can be read from <paramref name="state"/>.</summary>
    /// <param name="automaton">The grammar.</param>
    /// <param name="state">Where it is.</param>
    /// <param name="mask">[MaskLength] words, all zero.</param>
    /// <param name="path">[MaxDepth + 1] work space.</param>
    internal void Fill(ByteAutomaton automaton, int state, Span<ulong> mask, int[] path)
    {
        path[0] = state;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = depths[node];
            int next = automaton.Next(path[depth], bytes[node]);
            if (next < 0)
            {
                node = ends[node];
                continue;
            }
            path[depth + 1] = next;
            for (int token = firstToken[node]; token >= 0; token = nextToken[token]) mask[token >> 6] |= 1UL << token;
            node++;
        }
    }
}
