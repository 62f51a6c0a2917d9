using System.Numerics;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>Values of expressions: exact where only rationals occur, else complex doubles.</summary>
internal static class MathValue
{
    private const int MaxExponent = 2000;

    /// <summary>The exact value, or null when the expression is not rational.</summary>
    public static Rational? Exact(MathNode node) => node switch
    {
        NumberNode number => number.Value,
        CallNode call => Exact(call),
        _ => null,
    };

    /// <summary>The value with letters replaced; null when it is undefined, too long to work out, or not an expression.</summary>
    public static Complex? Numeric(MathNode node, IReadOnlyDictionary<string, Complex> letters) => new NumericEvaluation(letters).Value(node);

    /// <summary>Names of letters that occur.</summary>
    public static SortedSet<string> Letters(MathNode node)
    {
        SortedSet<string> letters = new(StringComparer.Ordinal);
        Collect(node, letters);
        return letters;
    }

    /// <summary>Whether a decimal point occurs.</summary>
    public static bool HasDecimal(MathNode node) => node switch
    {
        NumberNode number => number.IsDecimal,
        CallNode call => call.Arguments.Any(HasDecimal),
        _ => false,
    };

    private static Rational? Exact(CallNode call)
    {
        Rational?[] a = [.. call.Arguments.Select(Exact)];
        if (Array.Exists(a, v => v is null || v.Value.Numerator.GetBitLength() > 4096) || a.Length == 0) return null;
        return call.Name switch
        {
            "+" => a[0] + a[1],
            "*" => a[0] * a[1],
            "/" => a[1]!.Value.Numerator.IsZero ? null : a[0] / a[1],
            "neg" => -a[0],
            "percent" => a[0] / 100,
            "abs" => Rational.Abs(a[0]!.Value),
            "^" => ExactPower(a[0]!.Value, a[1]!.Value),
            "fact" => Factorial(a[0]!.Value),
            "floor" => Floor(a[0]!.Value),
            "ceil" => -Floor(-a[0]!.Value),
            "binom" => Binomial(a[0]!.Value, a[1]!.Value),
            _ => null,
        };
    }

    private static Rational? ExactPower(Rational root, Rational exponent)
    {
        if (!exponent.IsInteger || BigInteger.Abs(exponent.Numerator) > MaxExponent || root.Numerator.GetBitLength() * (long)BigInteger.Abs(exponent.Numerator) > 20_000) return null;
        int n = (int)exponent.Numerator;
        if (n < 0 && root.Numerator.IsZero) return null;
        Rational power = new(BigInteger.Pow(root.Numerator, Math.Abs(n)), BigInteger.Pow(root.Denominator, Math.Abs(n)));
        return n < 0 ? 1 / power : power;
    }

    private static Rational? Factorial(Rational n)
    {
        if (!n.IsInteger || n < 0 || n > 500) return null;
        BigInteger product = 1;
        for (int i = 2; i <= (int)n.Numerator; i++) product *= i;
        return new(product, 1);
    }

    private static Rational Floor(Rational x) => new(BigInteger.DivRem(x.Numerator, x.Denominator, out BigInteger rest) - (rest.Sign < 0 ? 1 : 0), 1);

    private static Rational? Binomial(Rational n, Rational k)
    {
        if (!n.IsInteger || !k.IsInteger || n < 0 || k < 0 || n > 500) return null;
        Rational value = 1;
        for (int i = 1; i <= (int)BigInteger.Min(k.Numerator, 501); i++) value = value * (n - (i - 1)) / i;
        return value;
    }

    private static void Collect(MathNode node, SortedSet<string> letters)
    {
        if (node is SymbolNode symbol) letters.Add(symbol.Name);
        IEnumerable<MathNode> parts = node switch
        {
            CallNode call => call.Arguments,
            ListNode list => list.Items,
            RelationNode relation => relation.Sides,
            UnionNode union => union.Parts,
            MatrixNode matrix => matrix.Rows.SelectMany(r => r),
            _ => [],
        };
        foreach (MathNode part in parts) Collect(part, letters);
    }
}
