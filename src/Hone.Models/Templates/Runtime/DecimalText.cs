using System.Globalization;
using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>Decimal rounding of doubles on their exact binary value, half to even: what Python's round and % formats do.</summary>
internal static class DecimalText
{
    /// <summary>Most digits after the point a template may ask for.</summary>
    public const int MaxPrecision = 400;

    /// <summary><paramref name="value"/> rounded to <paramref name="precision"/> digits after the point (before it when negative).</summary>
    public static double Round(double value, int precision)
    {
        if (!double.IsFinite(value) || value == 0 || precision > MaxPrecision) return value;
        if (precision < -MaxPrecision) return Math.CopySign(0, value);
        BigInteger scaled = Scaled(Math.Abs(value), precision);
        return Math.CopySign(double.Parse($"{scaled}e{-precision}", CultureInfo.InvariantCulture), value);
    }

    /// <summary>An integer rounded to a multiple of 10^digits.</summary>
    public static BigInteger RoundInteger(BigInteger value, int digits)
    {
        if (digits > Numbers.MaxDigits) return 0;
        BigInteger unit = BigInteger.Pow(10, digits);
        return DivideHalfEven(BigInteger.Abs(value), unit) * unit * value.Sign;
    }

    /// <summary><c>%.{precision}f</c>.</summary>
    public static string Fixed(double value, int precision)
    {
        if (!double.IsFinite(value)) return Numbers.Text(value);
        CheckPrecision(precision);
        string digits = Scaled(Math.Abs(value), precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        string sign = double.IsNegative(value) ? "-" : "";
        return precision == 0 ? sign + digits : $"{sign}{digits[..^precision]}.{digits[^precision..]}";
    }

    /// <summary><c>%.{precision}e</c>.</summary>
    public static string Exponential(double value, int precision)
    {
        if (!double.IsFinite(value)) return Numbers.Text(value);
        CheckPrecision(precision);
        (string digits, int exponent) = Digits(Math.Abs(value), precision + 1);
        string sign = double.IsNegative(value) ? "-" : "";
        string fraction = precision == 0 ? "" : "." + digits[1..];
        return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary><c>%.{precision}g</c>: that many digits, trailing zeros dropped.</summary>
    public static string General(double value, int precision)
    {
        if (!double.IsFinite(value)) return Numbers.Text(value);
        CheckPrecision(precision);
        precision = Math.Max(1, precision);
        int exponent = value == 0 ? 0 : Digits(Math.Abs(value), precision).Exponent;
        if (exponent >= -4 && exponent < precision) return DropZeros(Fixed(value, precision - 1 - exponent));
        string text = Exponential(value, precision - 1);
        int e = text.IndexOf('e');
        return DropZeros(text[..e]) + text[e..];
    }

    private static string DropZeros(string text) => text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;

    private static void CheckPrecision(int precision)
    {
        if (precision > MaxPrecision) throw JinjaException.Value($"a precision of {precision} is too large");
    }

    private static (string Digits, int Exponent) Digits(double value, int count)
    {
        if (value == 0) return (new string('0', count), 0);
        int exponent = (int)Math.Floor(Math.Log10(value));
        string digits = Scaled(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        // The logarithm may be off by one, and rounding may carry.
        if (digits.Length < count) digits = Scaled(value, count - 1 - --exponent).ToString(CultureInfo.InvariantCulture);
        if (digits.Length > count) digits = Scaled(value, count - 1 - ++exponent).ToString(CultureInfo.InvariantCulture);
        return (digits, exponent);
    }

    /// <summary>value · 10^precision to the nearest integer, ties to even; value ≥ 0 and finite.</summary>
    private static BigInteger Scaled(double value, int precision)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int power = (int)(bits >> 52) & 0x7FF;
        BigInteger numerator = (bits & 0xF_FFFF_FFFF_FFFF) | (power == 0 ? 0 : 1L << 52);
        power = Math.Max(1, power) - 1075;
        BigInteger denominator = BigInteger.One;
        if (power >= 0) numerator <<= power;
        else denominator <<= -power;
        if (precision >= 0) numerator *= BigInteger.Pow(10, precision);
        else denominator *= BigInteger.Pow(10, -precision);
        return DivideHalfEven(numerator, denominator);
    }

    private static BigInteger DivideHalfEven(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int half = (rest * 2).CompareTo(denominator);
        return half > 0 || (half == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
