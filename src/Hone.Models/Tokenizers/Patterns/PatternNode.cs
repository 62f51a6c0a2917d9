namespace Hone.Models.Tokenizers.Patterns;

/// <summary>Syntax tree of a pattern.</summary>
internal abstract record PatternNode
{
    /// <summary>Shortest and longest match in code points; the longest is -1 when unbounded.</summary>
    public abstract (int Min, int Max) Width { get; }

    protected static int Add(int a, int b) => a < 0 || b < 0 ? -1 : (int)Math.Min((long)a + b, int.MaxValue);

    protected static int Times(int a, int n) => a == 0 ? 0 : a < 0 || n < 0 ? -1 : (int)Math.Min((long)a * n, int.MaxValue);
}

internal sealed record SetNode(CharSet Set) : PatternNode
{
    public override (int Min, int Max) Width => (1, 1);
}

internal sealed record SequenceNode(IReadOnlyList<PatternNode> Items) : PatternNode
{
    public override (int Min, int Max) Width => Items.Aggregate((0, 0), (w, n) => (Add(w.Item1, n.Width.Min), Add(w.Item2, n.Width.Max)));
}

internal sealed record ChoiceNode(IReadOnlyList<PatternNode> Options) : PatternNode
{
    public override (int Min, int Max) Width =>
        (Options.Min(o => o.Width.Min), Options.Any(o => o.Width.Max < 0) ? -1 : Options.Max(o => o.Width.Max));
}

internal enum RepeatKind
{
    Greedy,
    Lazy,
    Possessive,
}

/// <param name="Max">-1 without upper bound.</param>
internal sealed record RepeatNode(PatternNode Body, int Min, int Max, RepeatKind Kind) : PatternNode
{
    public override (int Min, int Max) Width => (Times(Body.Width.Min, Min), Times(Body.Width.Max, Max));
}

/// <param name="Index">Number of a capturing group, or 0.</param>
internal sealed record GroupNode(PatternNode Body, int Index) : PatternNode
{
    public override (int Min, int Max) Width => Body.Width;
}

internal sealed record AtomicNode(PatternNode Body) : PatternNode
{
    public override (int Min, int Max) Width => Body.Width;
}

internal sealed record LookNode(PatternNode Body, bool Behind, bool Negative) : PatternNode
{
    public override (int Min, int Max) Width => (0, 0);
}

internal sealed record BackReferenceNode(int Index, bool IgnoreCase) : PatternNode
{
    public override (int Min, int Max) Width => (0, -1);
}

internal enum Anchor
{
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    TextEndOrLastNewline,
    WordBoundary,
    NoWordBoundary,
}

internal sealed record AnchorNode(Anchor Kind) : PatternNode
{
    public override (int Min, int Max) Width => (0, 0);
}
