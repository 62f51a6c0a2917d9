using System.Numerics;
using Hone.Core;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>
/// Whether two answers mean the same, by the rules of math-verify: exact where both are exact, six decimal places where decimals
/// occur, random points where letters occur. The first argument is the reference: an inequality there accepts an interval, not
/// the other way round.
/// </summary>
internal sealed class MathEquality(MathsOptions options)
{
    private const int Points = 8;
    private const double Tolerance = 1e-9;

    /// <summary>Whether <paramref name="given"/> answers what <paramref name="gold"/> says.</summary>
    public bool AreEqual(MathNode gold, MathNode given) => Same(gold, given) || (!options.Strict && Same(Renamed(gold), Renamed(given)));

    private bool Same(MathNode gold, MathNode given)
    {
        (gold, given) = (Expand(gold), Expand(given));
        if (gold is RelationNode a && given is RelationNode b) return Relations(a, b);
        if (gold is RelationNode { IsEquation: false } inequality) return given is ListNode or UnionNode && Intervals.Solves(inequality, given);
        if (given is RelationNode { IsEquation: false } solved) return options.AllowSetRelationComparison && Intervals.Solves(solved, gold);
        return Plain(Collapse(gold), Collapse(given));
    }

    private bool Plain(MathNode gold, MathNode given)
    {
        if (gold is MatrixNode m && given is MatrixNode n) return Matrices(m, n);
        if (gold is MatrixNode || given is MatrixNode) return false;
        if (gold is ListNode { IsSet: true, Items: [MathNode only] } && given is not ListNode) return Same(only, given);
        if (given is ListNode { IsSet: true, Items: [MathNode single] } && gold is not ListNode) return Same(gold, single);
        bool lists = gold is ListNode or UnionNode, others = given is ListNode or UnionNode;
        return lists && others ? Collections(gold, given) : !lists && !others && Expressions(gold, given);
    }

    private bool Collections(MathNode gold, MathNode given)
    {
        if (gold is UnionNode || given is UnionNode) return Intervals.AreEqual(gold, given);
        (ListNode a, ListNode b) = ((ListNode)gold, (ListNode)given);
        if (a.IsSet || b.IsSet) return Sets(a.Items, b.Items);
        return a.Open == b.Open && a.Close == b.Close && a.Items.Length == b.Items.Length && a.Items.Zip(b.Items).All(p => Same(p.First, p.Second));
    }

    /// <summary>Sets without order and without repetition.</summary>
    private bool Sets(MathNode[] gold, MathNode[] given) =>
        Array.TrueForAll(gold, g => Array.Exists(given, h => Same(g, h))) && Array.TrueForAll(given, h => Array.Exists(gold, g => Same(g, h)));

    private bool Matrices(MatrixNode a, MatrixNode b) => a.Rows.Length == b.Rows.Length
        && a.Rows.Zip(b.Rows).All(r => r.First.Length == r.Second.Length && r.First.Zip(r.Second).All(p => Same(p.First, p.Second)));

    private bool Relations(RelationNode gold, RelationNode given)
    {
        if (gold.IsEquation && given.IsEquation) return Equations(gold, given);
        if (gold.Operators.Length != given.Operators.Length) return false;
        bool Agree(RelationNode x, RelationNode y) => x.Operators.SequenceEqual(y.Operators) && x.Sides.Zip(y.Sides).All(p => Same(p.First, p.Second));
        return Agree(gold, given) || (gold.Operators.Length == 1 && Agree(gold, Flipped(given)));
    }

    private static RelationNode Flipped(RelationNode r) =>
        new([r.Sides[1], r.Sides[0]], [r.Operators[0].Contains('<') ? r.Operators[0].Replace('<', '>') : r.Operators[0].Replace('>', '<')]);

    /// <summary>Equal solutions: the differences of the sides agree up to a constant factor. A chain counts by its first and last side.</summary>
    private bool Equations(RelationNode gold, RelationNode given)
    {
        if (gold.Sides[^1] is ListNode || given.Sides[^1] is ListNode) return Same(gold.Sides[0], given.Sides[0]) && Same(gold.Sides[^1], given.Sides[^1]);
        MathNode Difference(RelationNode r) => new CallNode("+", r.Sides[0], new CallNode("neg", r.Sides[^1]));
        (MathNode a, MathNode b) = (Difference(gold), Difference(given));
        if (!MathValue.Letters(a).SetEquals(MathValue.Letters(b))) return false;
        Complex? ratio = null;
        return AtPoints(a, b, (x, y) =>
        {
            if (y == 0) return x == 0;
            ratio ??= x / y;
            return ratio != 0 && IsClose(x, ratio.Value * y);
        });
    }

    private bool Expressions(MathNode gold, MathNode given)
    {
        if (Percent(gold, given) || Percent(given, gold)) return true;
        if (gold is SymbolNode a && given is SymbolNode b) return a.Name == b.Name;
        if (MathValue.Letters(gold).Count == 0 && MathValue.Letters(given).Count == 0) return Numbers(gold, given);
        return AtPoints(gold, given, IsClose);
    }

    /// <summary>50 % is 0.5, and 50 too, since people leave the sign out.</summary>
    private bool Percent(MathNode percent, MathNode other) =>
        percent is CallNode { Name: "percent" } call && other is not CallNode { Name: "percent" } && MathValue.Letters(other).Count == 0 && Numbers(call.Arguments[0], other);

    private bool Numbers(MathNode gold, MathNode given)
    {
        Rational? a = MathValue.Exact(gold), b = MathValue.Exact(given);
        if (a is not null && b is not null && a == b) return true;
        bool decimals = MathValue.HasDecimal(gold) || MathValue.HasDecimal(given);
        if (a is not null && b is not null && (!decimals || a.Value.IsInteger || b.Value.IsInteger)) return false;
        if (MathValue.Numeric(gold, Empty) is not { } x || MathValue.Numeric(given, Empty) is not { } y) return false;
        if (!decimals) return IsClose(x, y);
        return Math.Abs(x.Imaginary - y.Imaginary) < 1e-6 && Math.Round(x.Real, options.FloatRounding) == Math.Round(y.Real, options.FloatRounding);
    }

    private static readonly Dictionary<string, Complex> Empty = [];

    /// <summary>The test at eight random points of the complex plane; points where either side is undefined do not count, but three must remain.</summary>
    private static bool AtPoints(MathNode a, MathNode b, Func<Complex, Complex, bool> test)
    {
        RandomStream random = new(0x6D617468);
        string[] letters = [.. MathValue.Letters(a).Union(MathValue.Letters(b))];
        int counted = 0;
        for (int i = 0; i < Points; i++)
        {
            Dictionary<string, Complex> point = letters.ToDictionary(l => l, _ => new Complex(0.3 + 1.7 * random.NextDouble(), 0.2 + random.NextDouble()));
            if (MathValue.Numeric(a, point) is not { } x || MathValue.Numeric(b, point) is not { } y) continue;
            if (!test(x, y)) return false;
            counted++;
        }
        return counted >= 3;
    }

    private static bool IsClose(Complex x, Complex y) =>
        x == y || (Complex.IsFinite(x) && Complex.IsFinite(y) && Complex.Abs(x - y) <= Tolerance * Math.Max(1e-12, Complex.Abs(x) + Complex.Abs(y)));

    /// <summary>"x = 3" against a plain value counts as 3; a chain "a = b = 9" counts as its end. The same inside lists.</summary>
    private static MathNode Collapse(MathNode node) => node switch
    {
        RelationNode { IsEquation: true } r when IsName(r.Sides[0]) || r.Sides.Length > 2 => Collapse(r.Sides[^1]),
        ListNode list => list with { Items = [.. list.Items.Select(Collapse)] },
        _ => node,
    };

    private static bool IsName(MathNode node) => node is SymbolNode or CallNode { Name: "*", Arguments: [SymbolNode, SymbolNode] } or ListNode { IsSet: false };

    /// <summary>Letters replaced by v0, v1 … in alphabetical order.</summary>
    private static MathNode Renamed(MathNode node)
    {
        string[] letters = [.. MathValue.Letters(node)];
        MathNode Rename(MathNode n) => n switch
        {
            SymbolNode symbol => new SymbolNode($"v{Array.IndexOf(letters, symbol.Name)}"),
            CallNode call => call with { Arguments = [.. call.Arguments.Select(Rename)] },
            ListNode list => list with { Items = [.. list.Items.Select(Rename)] },
            RelationNode relation => relation with { Sides = [.. relation.Sides.Select(Rename)] },
            UnionNode union => union with { Parts = [.. union.Parts.Select(Rename)] },
            MatrixNode matrix => new MatrixNode([.. matrix.Rows.Select(r => r.Select(Rename).ToArray())]),
            _ => n,
        };
        return Rename(node);
    }

    /// <summary>±x becomes the set of x and −x.</summary>
    private static MathNode Expand(MathNode node)
    {
        if (node is RelationNode r && Array.Exists(r.Sides, HasSign)) return r with { Sides = [.. r.Sides.Select(Expand)] };
        return HasSign(node) ? new ListNode('{', '}', [WithSign(node, false), WithSign(node, true)]) : node;
    }

    private static bool HasSign(MathNode node) => node is CallNode call && (call.Name == "pm" || call.Arguments.Any(HasSign));

    private static MathNode WithSign(MathNode node, bool negative) => node switch
    {
        CallNode { Name: "pm" } pm => negative ? new CallNode("neg", pm.Arguments[0]) : pm.Arguments[0],
        CallNode call => call with { Arguments = [.. call.Arguments.Select(a => WithSign(a, negative))] },
        _ => node,
    };
}
