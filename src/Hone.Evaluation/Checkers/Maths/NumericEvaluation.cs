using System.Numerics;

namespace Hone.Evaluation.Checkers.Maths;

/// <summary>Works out one value in complex doubles with letters set to given values. Sums within sums cost at most a fixed number of steps.</summary>
internal sealed class NumericEvaluation(IReadOnlyDictionary<string, Complex> given)
{
    private const int MaxSteps = 200_000;

    private readonly Dictionary<string, Complex> letters = new(given);
    private int steps;

    /// <summary>The value, or null when it is undefined, too long to work out, or not an expression.</summary>
    public Complex? Value(MathNode node)
    {
        if (++steps > MaxSteps) return null;
        Complex? value = node switch
        {
            NumberNode number => number.Value.ToDouble(),
            SymbolNode symbol => letters.TryGetValue(symbol.Name, out Complex known) ? known : null,
            CallNode { Name: "sum" or "prod" } series => Series(series),
            CallNode call => Operation(call),
            _ => null,
        };
        return value is { } v && (double.IsNaN(v.Real) || double.IsNaN(v.Imaginary)) ? null : value;
    }

    private Complex? Operation(CallNode call)
    {
        if (call.Name == "pi") return Math.PI;
        if (call.Name == "e") return Math.E;
        if (call.Name == "inf") return double.PositiveInfinity;
        Complex?[] values = [.. call.Arguments.Select(a => Value(a))];
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

    private Complex? Series(CallNode series)
    {
        string name = ((SymbolNode)series.Arguments[0]).Name;
        if (MathValue.Exact(series.Arguments[1]) is not { IsInteger: true } from || MathValue.Exact(series.Arguments[2]) is not { IsInteger: true } to) return null;
        Complex total = series.Name == "sum" ? 0 : 1;
        bool hidden = letters.TryGetValue(name, out Complex outer);
        for (BigInteger k = from.Numerator; k <= to.Numerator; k++)
        {
            letters[name] = (double)k;
            if (Value(series.Arguments[3]) is not { } term) return null;
            total = series.Name == "sum" ? total + term : total * term;
        }
        if (hidden) letters[name] = outer;
        else letters.Remove(name);
        return total;
    }
}
