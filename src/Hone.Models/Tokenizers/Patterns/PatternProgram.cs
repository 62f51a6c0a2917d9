namespace Hone.Models.Tokenizers.Patterns;

internal enum Op
{
    Set,
    Loop,
    Split,
    Jump,
    Save,
    EmptyCheck,
    Anchor,
    BackReference,
    Look,
    Atomic,
    Accept,
}

/// <summary>
/// One step of a compiled pattern. Set: one code point of <c>Set</c>. Loop: <c>A</c> to <c>B</c> of them (-1 unbounded), in
/// manner <c>Kind</c>. Split: try <c>A</c>, then <c>B</c>. Jump: to <c>A</c>. Save: position into slot <c>A</c>. EmptyCheck: go
/// to <c>B</c> when nothing was consumed since slot <c>A</c> was saved. Look and Atomic: the body follows, <c>A</c> is what
/// comes after it.
/// </summary>
internal sealed record Instruction(Op Op, int A = 0, int B = 0)
{
    public CharSet? Set { get; init; }

    public RepeatKind Kind { get; init; }

    public Anchor Anchor { get; init; }

    public bool Behind { get; init; }

    public bool Negative { get; init; }

    public (int Min, int Max) Width { get; init; }
}

/// <summary>A compiled pattern.</summary>
/// <param name="Code">Instructions; execution starts at 0.</param>
/// <param name="Slots">How many positions it saves: two per capturing group, then those of loops.</param>
internal sealed record PatternProgram(Instruction[] Code, int Slots);
