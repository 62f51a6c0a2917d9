using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Core.Schema;

/// <summary>
/// A JSON number with every digit it was written with: Digits · 10^Exponent, no trailing zeros in Digits. Doubles would
/// take 1.0000000000000001 for an integer and find 0.07 no multiple of 0.01.
/// </summary>
/// <param name="Digits">Signed digits.</param>
/// <param name="Exponent">Power of ten.</param>
public readonly record struct ExactNumber(BigInteger Digits, long Exponent)
{
    /// <summary>Longest literal read; JSON in use stays below 30 characters.</summary>
    public const int MaxLength = 5000;

    // Beyond this the size alone decides comparisons; and no multiple is computed.
    private const long MaxShift = 20_000;

    /// <summary>Whether it has no fraction.</summary>
    public bool IsInteger => Exponent >= 0;

    /// <summary>Reads a JSON number, or null when the node is something else.</summary>
    /// <exception cref="HoneException">The literal is longer than <see cref="MaxLength"/>.</exception>
    public static ExactNumber? TryRead(JsonNode? node)
    {
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number) return null;
        return Parse(value.TryGetValue(out JsonElement element) ? element.GetRawText() : value.ToJsonString());
    }

    /// <summary>Reads a literal that is valid JSON.</summary>
    /// <exception cref="HoneException">It is longer than <see cref="MaxLength"/>.</exception>
    public static ExactNumber Parse(string literal)
    {
        if (literal.Length > MaxLength) throw new HoneException($"a JSON number has {literal.Length} characters; at most {MaxLength} are read.");
        int e = literal.AsSpan().IndexOfAny('e', 'E');
        string mantissa = e < 0 ? literal : literal[..e];
        BigInteger power = e < 0 ? 0 : BigInteger.Parse(literal.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        long exponent = (long)BigInteger.Max(-1_000_000_000, BigInteger.Min(1_000_000_000, power));
        int point = mantissa.IndexOf('.');
        if (point >= 0) exponent -= mantissa.Length - point - 1;
        string digits = mantissa.Replace(".", "").TrimEnd('0');
        exponent += mantissa.Replace(".", "").Length - digits.Length;
        BigInteger value = digits is "" or "-" ? 0 : BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        return value.IsZero ? new(0, 0) : new(value, exponent);
    }

    /// <summary>Below 0, 0 or above 0 as this is smaller than, equal to or larger than <paramref name="other"/>.</summary>
    public int CompareTo(ExactNumber other)
    {
        if (Digits.Sign != other.Digits.Sign || Digits.IsZero) return Digits.Sign.CompareTo(other.Digits.Sign);
        // First by the power of ten of the leading digit, so that 1e1000000 is never written out.
        long size = Magnitude, otherSize = other.Magnitude;
        if (size != otherSize) return Digits.Sign * size.CompareTo(otherSize);
        long low = Math.Min(Exponent, other.Exponent);
        return (Digits * Ten(Exponent - low)).CompareTo(other.Digits * Ten(other.Exponent - low));
    }

    /// <summary>Whether it is a whole multiple of <paramref name="divisor"/>, which is above zero.</summary>
    public bool IsMultipleOf(ExactNumber divisor)
    {
        if (Digits.IsZero) return true;
        long low = Math.Min(Exponent, divisor.Exponent);
        if (divisor.Exponent - low > MaxShift) return false;
        // 10^n modulo the divisor's digits, without writing 10^n out.
        BigInteger modulus = divisor.Digits * Ten(divisor.Exponent - low);
        return (BigInteger.Abs(Digits) * BigInteger.ModPow(10, Exponent - low, modulus) % modulus).IsZero;
    }

    /// <summary>The value as an integer.</summary>
    /// <exception cref="HoneException">It has a fraction or more than some thousand digits.</exception>
    public BigInteger ToInteger() => Exponent is >= 0 and <= MaxShift ? Digits * Ten(Exponent)
        : throw new HoneException($"{Digits}e{Exponent} is not an integer of reasonable size.");

    private long Magnitude => Exponent + BigInteger.Abs(Digits).ToString(CultureInfo.InvariantCulture).Length;

    private static BigInteger Ten(long power) => BigInteger.Pow(10, (int)power);
}
