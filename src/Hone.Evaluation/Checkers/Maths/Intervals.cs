namespace Hone.Evaluation.Checkers.Maths;

/// <summary>Unions of real intervals in a canonical form: disjoint, sorted, joined where they touch.</summary>
internal static class Intervals
{
    private readonly record struct Piece(double Low, bool LowIn, double High, bool HighIn);

    /// <summary>Whether two unions, intervals or sets of numbers hold the same points.</summary>
    public static bool AreEqual(MathNode a, MathNode b) =>
        Canonical(a) is { } x && Canonical(b) is { } y && x.Count == y.Count
        && x.Zip(y).All(p => p.First.LowIn == p.Second.LowIn && p.First.HighIn == p.Second.HighIn && Same(p.First.Low, p.Second.Low) && Same(p.First.High, p.Second.High));

    /// <summary>Whether the interval is the solution of "x ≤ 3" or "1 &lt; x &lt; 2" for a single letter.</summary>
    public static bool Solves(RelationNode inequality, MathNode interval)
    {
        if (inequality.Operators.Contains("!=") || inequality.Operators.Contains("=")) return false;
        Piece piece = new(double.NegativeInfinity, false, double.PositiveInfinity, false);
        for (int i = 0; i < inequality.Operators.Length; i++)
        {
            (MathNode left, string op, MathNode right) = (inequality.Sides[i], inequality.Operators[i], inequality.Sides[i + 1]);
            if (right is SymbolNode) (left, op, right) = (right, op.Contains('<') ? op.Replace('<', '>') : op.Replace('>', '<'), left);
            if (End(right) is not { } value) return false;
            bool closed = op.EndsWith('=');
            if (left is CallNode { Name: "abs", Arguments: [SymbolNode] } && op[0] == '<') piece = new(-value, closed, value, closed);
            else if (left is not SymbolNode) return false;
            else piece = op[0] == '<' ? piece with { High = value, HighIn = closed } : piece with { Low = value, LowIn = closed };
        }
        return Canonical(interval) is [Piece only] && only.LowIn == piece.LowIn && only.HighIn == piece.HighIn && Same(only.Low, piece.Low) && Same(only.High, piece.High);
    }

    private static List<Piece>? Canonical(MathNode node)
    {
        List<Piece> pieces = [];
        if (!Collect(node, pieces)) return null;
        pieces.Sort((a, b) => a.Low != b.Low ? a.Low.CompareTo(b.Low) : b.LowIn.CompareTo(a.LowIn));
        List<Piece> joined = [];
        foreach (Piece piece in pieces)
        {
            if (joined.Count > 0 && Touches(joined[^1], piece)) joined[^1] = Join(joined[^1], piece);
            else joined.Add(piece);
        }
        return joined;
    }

    private static bool Collect(MathNode node, List<Piece> pieces)
    {
        if (node is UnionNode union) return Array.TrueForAll(union.Parts, p => Collect(p, pieces));
        if (node is not ListNode list) return false;
        if (list.IsSet)
        {
            foreach (MathNode item in list.Items)
            {
                if (End(item) is not { } value) return false;
                pieces.Add(new(value, true, value, true));
            }
            return true;
        }
        if (list.Items.Length != 2 || End(list.Items[0]) is not { } low || End(list.Items[1]) is not { } high) return false;
        pieces.Add(new(low, list.Open == '[', high, list.Close == ']'));
        return true;
    }

    private static bool Touches(Piece a, Piece b) => b.Low < a.High || (b.Low == a.High && (a.HighIn || b.LowIn));

    private static Piece Join(Piece a, Piece b) => b.High > a.High ? a with { High = b.High, HighIn = b.HighIn } : b.High == a.High ? a with { HighIn = a.HighIn || b.HighIn } : a;

    private static double? End(MathNode node) =>
        MathValue.Letters(node).Count == 0 && MathValue.Numeric(node, new Dictionary<string, System.Numerics.Complex>()) is { } value ? value.Real : null;

    private static bool Same(double a, double b) => a == b || Math.Abs(a - b) <= 1e-9 * Math.Max(1, Math.Abs(a));
}
