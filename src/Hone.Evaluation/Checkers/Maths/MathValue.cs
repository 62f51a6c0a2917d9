using System.Numerics;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>Values of expressions: exact where only rationals occur, else complex doubles with letters set to given values.</summary>
internal static class MathValue
{
    private const int MaxExponent = 2000, MaxTerms = 10_000;

    /// <summary>The exact value, or null when the expression is not rational.</summary>
    public static Rational? Exact(MathNode node) => node switch
    {
        NumberNode number => number.Value,
        CallNode call => Exact(call),
        _ => null,
    };

    /// <summary>The value with letters replaced; null when it is undefined or not an expression.</summary>
    public static Complex? Numeric(MathNode node, IReadOnlyDictionary<string, Complex> letters)
    {
        Complex? value = node switch
        {
            NumberNode number => number.Value.ToDouble(),
            SymbolNode symbol => letters.TryGetValue(symbol.Name, out Complex known) ? known : null,
            CallNode { Name: "sum" or "prod" } series => Series(series, letters),
            CallNode call => Numeric(call, letters),
            _ => null,
        };
        return value is { } v && (double.IsNaN(v.Real) || double.IsNaN(v.Imaginary)) ? null : value;
    }

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

    private static Complex? Numeric(CallNode call, IReadOnlyDictionary<string, Complex> letters)
    {
        if (call.Name == "pi") return Math.PI;
        if (call.Name == "e") return Math.E;
        if (call.Name == "inf") return double.PositiveInfinity;
        Complex?[] values = [.. call.Arguments.Select(a => Numeric(a, letters))];
        if (Array.Exists(values, v => v is null)) return null;
        Complex x = values[0]!.Value, y = values.Length > 1 ? values[1]!.Value : 0;
        return call.Name switch
        {
            "+" => x + y,
            "*" => x * y,
            "/" => y == 0 ? null : x / y,
            "neg" => -x,
            "percent" => x / 100,
            "^" => Complex.Pow(x, y),
            "sqrt" => Complex.Sqrt(x),
            "root" => Complex.Pow(y, 1 / x),
            "abs" => Complex.Abs(x),
            "floor" => Math.Floor(x.Real + 1e-12),
            "ceil" => Math.Ceiling(x.Real - 1e-12),
            "fact" => MathNet.Numerics.SpecialFunctions.Gamma(x.Real + 1),
            "binom" => MathNet.Numerics.SpecialFunctions.Binomial((int)x.Real, (int)y.Real),
            "ln" => Complex.Log(x),
            "log" => Complex.Log(x) / Complex.Log(y),
            _ => Trigonometric(call.Name, x),
        };
    }

    private static Complex? Trigonometric(string name, Complex x) => name switch
    {
        "exp" => Complex.Exp(x),
        "sin" => Complex.Sin(x),
        "cos" => Complex.Cos(x),
        "tan" => Complex.Tan(x),
        "cot" => 1 / Complex.Tan(x),
        "sec" => 1 / Complex.Cos(x),
        "csc" => 1 / Complex.Sin(x),
        "arcsin" => Complex.Asin(x),
        "arccos" => Complex.Acos(x),
        "arctan" => Complex.Atan(x),
        "sinh" => Complex.Sinh(x),
        "cosh" => Complex.Cosh(x),
        "tanh" => Complex.Tanh(x),
        _ => null,
    };

    private static Complex? Series(CallNode series, IReadOnlyDictionary<string, Complex> letters)
    {
        string name = ((SymbolNode)series.Arguments[0]).Name;
        if (Exact(series.Arguments[1]) is not { IsInteger: true } from || Exact(series.Arguments[2]) is not { IsInteger: true } to || to - from > MaxTerms) return null;
        Complex total = series.Name == "sum" ? 0 : 1;
        Dictionary<string, Complex> inner = new(letters);
        for (BigInteger k = from.Numerator; k <= to.Numerator; k++)
        {
            inner[name] = (double)k;
            if (Numeric(series.Arguments[3], inner) is not { } term) return null;
            total = series.Name == "sum" ? total + term : total * term;
        }
        return total;
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
