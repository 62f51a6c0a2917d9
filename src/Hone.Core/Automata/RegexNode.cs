namespace Hone.Core.Automata;

/// <summary>A regular expression, parsed.</summary>
internal abstract record RegexNode
{
    /// <summary>One code point of a set.</summary>
    public sealed record Chars(CodePointSet Set) : RegexNode;

    /// <summary>One after the other; nothing at all when empty.</summary>
    public sealed record Sequence(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>Any of several.</summary>
    public sealed record Choice(IReadOnlyList<RegexNode> Options) : RegexNode;

    /// <summary>Between Min and Max times; Max null is without end.</summary>
    public sealed record Repeat(RegexNode Inner, int Min, int? Max) : RegexNode;

    /// <summary>The start of the text.</summary>
    public sealed record Start : RegexNode;

    /// <summary>The end of the text.</summary>
    public sealed record End : RegexNode;
}

/// <summary>What <c>\d</c>, <c>\w</c> and <c>\s</c> mean.</summary>
public enum RegexDialect
{
    /// <summary>Unicode's digits, words and white space, as Python, Rust and .NET have them.</summary>
    Unicode,

    /// <summary>ECMA-262, which JSON Schema's <c>pattern</c> follows: ASCII digits and words.</summary>
    Ecma,
}
