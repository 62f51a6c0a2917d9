using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace Hone.Evaluation.Checkers;

/// <summary>An exact fraction in lowest terms with a positive denominator.</summary>
public readonly partial record struct Rational : IComparable<Rational>
{
    /// <summary>Digits a number may have before it is refused, so that hostile text costs bounded work.</summary>
    public const int MaxDigits = 300;

    private readonly BigInteger denominator;

    /// <exception cref="DivideByZeroException">The denominator is 0.</exception>
    public Rational(BigInteger numerator, BigInteger denominator)
    {
        if (denominator.IsZero) throw new DivideByZeroException();
        BigInteger divisor = BigInteger.GreatestCommonDivisor(numerator, denominator) * (denominator.Sign < 0 ? -1 : 1);
        (Numerator, this.denominator) = (numerator / divisor, denominator / divisor);
    }

    public BigInteger Numerator { get; }

    /// <summary>Greater than 0.</summary>
    public BigInteger Denominator => denominator.IsZero ? BigInteger.One : denominator;

    public bool IsInteger => Denominator.IsOne;

    public static implicit operator Rational(int value) => new(value, 1);

    public static Rational operator +(Rational a, Rational b) => new(a.Numerator * b.Denominator + b.Numerator * a.Denominator, a.Denominator * b.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator -(Rational a) => new(-a.Numerator, a.Denominator);

    public static Rational operator *(Rational a, Rational b) => new(a.Numerator * b.Numerator, a.Denominator * b.Denominator);

    /// <exception cref="DivideByZeroException">b is 0.</exception>
    public static Rational operator /(Rational a, Rational b) => new(a.Numerator * b.Denominator, a.Denominator * b.Numerator);

    public static bool operator <(Rational a, Rational b) => a.CompareTo(b) < 0;

    public static bool operator >(Rational a, Rational b) => a.CompareTo(b) > 0;

    public static bool operator <=(Rational a, Rational b) => a.CompareTo(b) <= 0;

    public static bool operator >=(Rational a, Rational b) => a.CompareTo(b) >= 0;

    /// <summary>The nearest double; infinite beyond its range.</summary>
    public double ToDouble()
    {
        int excess = (int)Math.Max(Numerator.GetBitLength(), Denominator.GetBitLength()) - 1000;
        return excess > 0 ? (double)(Numerator >> excess) / (double)(Denominator >> excess) : (double)Numerator / (double)Denominator;
    }

    public static Rational Abs(Rational a) => a.Numerator.Sign < 0 ? -a : a;

    public int CompareTo(Rational other) => (Numerator * other.Denominator).CompareTo(other.Numerator * Denominator);

    public bool Equals(Rational other) => Numerator == other.Numerator && Denominator == other.Denominator;

    public override int GetHashCode() => HashCode.Combine(Numerator, Denominator);

    /// <summary>"7" or "7/2".</summary>
    public override string ToString() => IsInteger
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Numerator}/{Denominator}");

    /// <summary>
    /// Reads plain decimals ("-3.50", ".5", "1.5e3"), decimals with thousands commas ("1,234.5"), fractions ("3/4") and mixed numbers
    /// ("1 1/2"). Null when it is anything else or has more than <see cref="MaxDigits"/> digits.
    /// </summary>
    public static Rational? Parse(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text.Length > MaxDigits) return null;
        Match match = Pattern().Match(text.ToString());
        if (!match.Success) return null;
        Rational? value = match.Groups["mixed"].Success ? Mixed(match) : match.Groups["num"].Success ? Fraction(match) : Decimal(match);
        return match.Groups["sign"].Value is "-" or "−" && value is { } positive ? -positive : value;
    }

    private static Rational? Mixed(Match match) => Fraction(match) is { } fraction ? new Rational(Integer(match, "mixed"), 1) + fraction : null;

    private static Rational? Fraction(Match match)
    {
        BigInteger bottom = Integer(match, "den");
        return bottom.IsZero ? null : new Rational(Integer(match, "num"), bottom);
    }

    private static Rational? Decimal(Match match)
    {
        string digits = match.Groups["int"].Value.Replace(",", "") + match.Groups["frac"].Value;
        BigInteger value = BigInteger.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        int exponent = match.Groups["exp"].Success ? int.Parse(match.Groups["exp"].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        if (Math.Abs(exponent) > MaxDigits) return null;
        int scale = exponent - match.Groups["frac"].Length;
        return scale >= 0 ? new Rational(value * BigInteger.Pow(10, scale), 1) : new Rational(value, BigInteger.Pow(10, -scale));
    }

    private static BigInteger Integer(Match match, string group) =>
        BigInteger.Parse(match.Groups[group].Value.Replace(",", ""), NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex("""
        ^(?<sign>[-+−])?[ ]*
        (?:
          (?:(?<mixed>[0-9]+)[ ]+)?(?<num>[0-9][0-9,]*)[ ]*/[ ]*(?<den>[0-9]+)
        | (?<int>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.(?<frac>[0-9]*))?(?:[eE](?<exp>[-+]?[0-9]{1,4}))?
        | (?<int>)\.(?<frac>[0-9]+)(?:[eE](?<exp>[-+]?[0-9]{1,4}))?
        )\z
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Pattern();
}
