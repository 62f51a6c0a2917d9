namespace Hone.Tensors.Ops;

/// <summary>Checked sizes of one attention call, and which keys a query sees.</summary>
internal readonly struct AttentionSizes
{
    public AttentionSizes(Tensor q, Tensor k, Tensor v, Segments queries, Segments keys, AttentionOptions options)
    {
        (int heads, int kvHeads) = (options.Heads, options.KvHeads);
        string shapes = $"attention: q {q.Shape}, k {k.Shape}, v {v.Shape}";
        if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0) throw new ArgumentException($"{shapes}, {heads} heads, {kvHeads} key heads");
        if (q.Shape.Last % heads != 0 || k.Shape.Last % kvHeads != 0 || v.Shape.Last % kvHeads != 0 || q.Shape.Last / heads != k.Shape.Last / kvHeads)
            throw new ArgumentException($"{shapes} do not fit {heads} heads and {kvHeads} key heads");
        if (queries.Tokens != q.Shape.Rows || keys.Tokens != k.Shape.Rows || keys.Tokens != v.Shape.Rows || queries.Count != keys.Count)
            throw new ArgumentException($"{shapes}, segments of {queries.Tokens} queries and {keys.Tokens} keys");
        if (options.Window < 0 || options.Softcap < 0) throw new ArgumentException($"attention: window {options.Window}, softcap {options.Softcap}");
        HeadSize = q.Shape.Last / heads;
        ValueSize = v.Shape.Last / kvHeads;
        Queries = queries.Tokens;
    }

    /// <summary>D.</summary>
    public int HeadSize { get; }

    /// <summary>Dv.</summary>
    public int ValueSize { get; }

    /// <summary>Query tokens of all sequences.</summary>
    public int Queries { get; }

    /// <summary>The keys [first, end) of a sequence of <paramref name="length"/> that position <paramref name="position"/> sees; empty when end ≤ first.</summary>
    public static (int First, int End) Visible(int position, int length, AttentionOptions options)
    {
        int first = options.Window > 0 ? Math.Max(0, position - options.Window + 1) : 0;
        int end = options.Causal ? position + 1 : options.Window > 0 ? position + options.Window : length;
        return (first, Math.Min(end, length));
    }
}
