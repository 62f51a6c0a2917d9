namespace Hone.Evaluation.Checkers.Maths;

/// <summary>A parsed mathematical answer.</summary>
internal abstract record MathNode;

/// <summary>A number as written.</summary>
internal sealed record NumberNode(Rational Value, bool IsDecimal = false) : MathNode;

/// <summary>A letter or a word; case does not count.</summary>
internal sealed record SymbolNode(string Name) : MathNode;

/// <summary>An operation or function: + * / ^ neg sqrt sin abs pi percent pm …</summary>
internal sealed record CallNode(string Name, params MathNode[] Arguments) : MathNode;

/// <summary>Items in brackets, as written; sets and bare lists have braces. Two items in ( [ may be an interval or a pair.</summary>
internal sealed record ListNode(char Open, char Close, MathNode[] Items) : MathNode
{
    public bool IsSet => Open == '{';
}

/// <summary>A chain of equations or inequalities: one operator fewer than sides.</summary>
internal sealed record RelationNode(MathNode[] Sides, string[] Operators) : MathNode
{
    public bool IsEquation => Array.TrueForAll(Operators, o => o == "=");
}

/// <summary>Intervals or sets joined by ∪.</summary>
internal sealed record UnionNode(MathNode[] Parts) : MathNode;

/// <summary>Rows of a matrix or column vector.</summary>
internal sealed record MatrixNode(MathNode[][] Rows) : MathNode;
