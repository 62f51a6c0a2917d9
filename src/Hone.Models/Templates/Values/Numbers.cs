using System.Globalization;
using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>An integer of any size or a float.</summary>
internal readonly record struct Number(bool IsFloat, BigInteger Integer, double Float)
{
    public static Number Of(BigInteger value) => new(false, value, 0);

    public static Number Of(double value) => new(true, default, value);

    public double ToDouble() => IsFloat ? Float : (double)Integer;

    /// <summary>Python's order; exact between an integer and a finite float. NaN compares as different and greater.</summary>
    public int CompareTo(Number other)
    {
        if (!IsFloat && !other.IsFloat) return Integer.CompareTo(other.Integer);
        double a = ToDouble(), b = other.ToDouble();
        if (double.IsNaN(a) || double.IsNaN(b)) return 1;
        if (a != b || IsFloat == other.IsFloat || double.IsInfinity(a)) return a.CompareTo(b);
        // Both round to the same double: compare as integers, a double this close to an integer is whole or decides itself.
        double f = IsFloat ? Float : other.Float;
        BigInteger i = IsFloat ? other.Integer : Integer;
        int order = f == Math.Floor(f) ? i.CompareTo(new BigInteger(f)) : ((double)i).CompareTo(f);
        return IsFloat ? -order : order;
    }

    public JinjaValue ToValue() => IsFloat ? new JinjaFloat(Float) : new JinjaInteger(Integer);
}

/// <summary>Python's arithmetic and its way of writing numbers.</summary>
internal static class Numbers
{
    /// <summary>Python refuses to write integers beyond this many digits; ours may not grow beyond it.</summary>
    public const int MaxDigits = 4300;

    private const long MaxBits = 14_284;

    public static bool TryNumber(JinjaValue value, out Number number)
    {
        switch (value)
        {
            case JinjaInteger integer: number = Number.Of(integer.Value); return true;
            case JinjaFloat real: number = Number.Of(real.Value); return true;
            case JinjaBool truth: number = Number.Of(truth.Value ? BigInteger.One : BigInteger.Zero); return true;
            default: number = default; return false;
        }
    }

    /// <summary>An integer, or a bool counted as 0 or 1; null for anything else.</summary>
    public static BigInteger? TryInteger(JinjaValue value) =>
        TryNumber(value, out Number number) && !number.IsFloat ? number.Integer : null;

    public static Number Add(Number a, Number b) =>
        a.IsFloat || b.IsFloat ? Number.Of(a.ToDouble() + b.ToDouble()) : Bounded(a.Integer + b.Integer);

    public static Number Subtract(Number a, Number b) =>
        a.IsFloat || b.IsFloat ? Number.Of(a.ToDouble() - b.ToDouble()) : Bounded(a.Integer - b.Integer);

    public static Number Multiply(Number a, Number b) =>
        a.IsFloat || b.IsFloat ? Number.Of(a.ToDouble() * b.ToDouble()) : Bounded(a.Integer * b.Integer);

    public static Number Divide(Number a, Number b)
    {
        CheckDivisor(b, a.IsFloat || b.IsFloat ? "float division by zero" : "division by zero");
        return Number.Of(a.ToDouble() / b.ToDouble());
    }

    /// <summary>Rounds towards minus infinity.</summary>
    public static Number FloorDivide(Number a, Number b)
    {
        CheckDivisor(b, "integer division or modulo by zero");
        if (a.IsFloat || b.IsFloat)
        {
            double x = a.ToDouble(), y = b.ToDouble();
            return Number.Of(Math.Round((x - Modulo(x, y)) / y));
        }
        BigInteger quotient = BigInteger.DivRem(a.Integer, b.Integer, out BigInteger rest);
        return Number.Of(!rest.IsZero && rest.Sign != b.Integer.Sign ? quotient - 1 : quotient);
    }

    /// <summary>The remainder with the divisor's sign.</summary>
    public static Number Modulo(Number a, Number b)
    {
        CheckDivisor(b, "integer modulo by zero");
        if (a.IsFloat || b.IsFloat) return Number.Of(Modulo(a.ToDouble(), b.ToDouble()));
        BigInteger rest = BigInteger.Remainder(a.Integer, b.Integer);
        return Number.Of(!rest.IsZero && rest.Sign != b.Integer.Sign ? rest + b.Integer : rest);
    }

    public static Number Power(Number a, Number b)
    {
        if (a.IsFloat || b.IsFloat || b.Integer.Sign < 0)
        {
            double x = a.ToDouble(), y = b.ToDouble();
            if (x == 0 && y < 0) throw new JinjaException(JinjaErrorKind.ZeroDivisionError, "0.0 cannot be raised to a negative power");
            if (x < 0 && y != Math.Floor(y)) throw JinjaException.Type("a negative number to a fractional power is not supported");
            double power = Math.Pow(x, y);
            if (double.IsInfinity(power) && !double.IsInfinity(x) && !double.IsInfinity(y)) throw Overflow();
            return Number.Of(power);
        }
        if (BigInteger.Abs(a.Integer) > 1 && (b.Integer > MaxBits || a.Integer.GetBitLength() * (long)b.Integer > 2 * MaxBits)) throw Overflow();
        int exponent = BigInteger.Abs(a.Integer) <= 1 ? (int)(b.Integer % 2) + (b.Integer.IsZero ? 0 : 2) : (int)b.Integer;
        return Bounded(BigInteger.Pow(a.Integer, exponent));
    }

    private static double Modulo(double x, double y)
    {
        double rest = x % y;
        if (rest != 0) return (y < 0) != (rest < 0) ? rest + y : rest;
        return Math.CopySign(0, y);
    }

    private static void CheckDivisor(Number b, string message)
    {
        if (b.ToDouble() == 0) throw new JinjaException(JinjaErrorKind.ZeroDivisionError, message);
    }

    private static Number Bounded(BigInteger value) => value.GetBitLength() > MaxBits ? throw Overflow() : Number.Of(value);

    private static JinjaException Overflow() => new(JinjaErrorKind.OverflowError, $"a number has more than {MaxDigits} digits");

    /// <summary>Python's <c>repr(float)</c>: the shortest digits that read back, an exponent below 1e-4 and from 1e16.</summary>
    public static string Text(double value)
    {
        if (double.IsNaN(value)) return "nan";
        if (double.IsInfinity(value)) return value > 0 ? "inf" : "-inf";
        (string sign, string digits, int exponent) = Decompose(value.ToString("R", CultureInfo.InvariantCulture));
        if (digits == "0") return sign + "0.0";
        if (exponent is < -4 or >= 16)
        {
            string mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }
        if (exponent < 0) return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        if (digits.Length <= exponent + 1) return $"{sign}{digits.PadRight(exponent + 1, '0')}.0";
        return $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>Splits .NET's round-trip text into sign, digits without outer zeros, and the decimal exponent of the first digit.</summary>
    private static (string Sign, string Digits, int Exponent) Decompose(string text)
    {
        string sign = text[0] == '-' ? "-" : "";
        text = text[sign.Length..];
        int e = text.IndexOf('E');
        int exponent = e < 0 ? 0 : int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.');
        string digits = mantissa.Replace(".", "");
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        string stripped = digits.TrimStart('0');
        if (stripped.Length == 0) return (sign, "0", 0);
        return (sign, stripped.TrimEnd('0'), exponent - (digits.Length - stripped.Length));
    }
}
