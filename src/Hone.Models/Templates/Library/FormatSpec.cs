using System.Globalization;
using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>
/// Python's format specification, shared by <c>%</c> and <c>str.format</c>: fill, alignment, sign, alternate form, width,
/// grouping, precision, type.
/// </summary>
internal sealed record FormatSpec
{
    public string Fill { get; init; } = " ";

    /// <summary>&lt;, &gt;, ^ or =; null leaves it to the type.</summary>
    public char? Align { get; init; }

    public char Sign { get; init; } = '-';

    public bool Alternate { get; init; }

    public int Width { get; init; }

    public char? Grouping { get; init; }

    public int? Precision { get; init; }

    public char? Type { get; init; }

    /// <summary>Formats a number by its type letter.</summary>
    public string Number(RenderState state, Number value)
    {
        char type = Type ?? (value.IsFloat ? '\0' : 'd');
        if (type == 'c') return Pad(state, Character(value), '<');
        bool whole = type is 'd' or 'x' or 'X' or 'o' or 'b' or 'n';
        if (whole && value.IsFloat) throw JinjaException.Value($"Unknown format code '{type}' for object of type 'float'");
        string text = whole ? Integer(value.Integer, type) : Real(value.ToDouble(), type);
        bool negative = text.StartsWith('-');
        string digits = negative ? text[1..] : text;
        if (Grouping is { } comma) digits = Group(digits, comma);
        string sign = negative ? "-" : Sign == '-' ? "" : Sign.ToString();
        string prefix = Alternate && type is 'x' or 'X' or 'o' or 'b' && Alternate ? "0" + type : "";
        if (Align != '=') return Pad(state, sign + prefix + digits, '>');
        int missing = Width - sign.Length - prefix.Length - digits.Length;
        return sign + prefix + Repeat(state, missing) + digits;
    }

    /// <summary>Cuts to the precision and fills to the width.</summary>
    public string String(RenderState state, string text)
    {
        if (Precision is { } limit && PythonText.Length(text) > limit) text = text[..PythonText.Utf16Index(text, limit)];
        return Pad(state, text, '<');
    }

    private static string Integer(BigInteger value, char type)
    {
        if (type is 'd' or 'n') return value.ToString(CultureInfo.InvariantCulture);
        int radix = type switch { 'o' => 8, 'b' => 2, _ => 16 };
        BigInteger rest = BigInteger.Abs(value);
        List<char> digits = [];
        do
        {
            digits.Add((type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[(int)(rest % radix)]);
            rest /= radix;
        }
        while (!rest.IsZero);
        if (value.Sign < 0) digits.Add('-');
        digits.Reverse();
        return string.Concat(digits);
    }

    private string Real(double value, char type) => type switch
    {
        'f' or 'F' => DecimalText.Fixed(value, Precision ?? 6),
        'e' => DecimalText.Exponential(value, Precision ?? 6),
        'E' => DecimalText.Exponential(value, Precision ?? 6).ToUpperInvariant(),
        'g' => DecimalText.General(value, Precision ?? 6),
        'G' => DecimalText.General(value, Precision ?? 6).ToUpperInvariant(),
        '%' => DecimalText.Fixed(value * 100, Precision ?? 6) + "%",
        '\0' => Precision is { } digits ? DecimalText.General(value, digits) : Numbers.Text(value),
        _ => throw JinjaException.Value($"Unknown format code '{type}' for object of type 'float'"),
    };

    private static string Character(Number value) => !value.IsFloat && value.Integer >= 0 && value.Integer <= 0x10FFFF && !(value.Integer >= 0xD800 && value.Integer <= 0xDFFF)
        ? char.ConvertFromUtf32((int)value.Integer) : throw new JinjaException(JinjaErrorKind.OverflowError, "%c arg not in range(0x110000)");

    private static string Group(string digits, char comma)
    {
        int end = 0;
        while (end < digits.Length && char.IsAsciiDigit(digits[end])) end++;
        string text = digits;
        for (int i = end - 3; i > 0; i -= 3) text = text.Insert(i, comma.ToString());
        return text;
    }

    private string Pad(RenderState state, string text, char natural)
    {
        int missing = Width - PythonText.Length(text);
        if (missing <= 0) return text;
        char align = Align is null or '=' ? natural : Align.Value;
        int left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
        return Repeat(state, left) + text + Repeat(state, missing - left);
    }

    private string Repeat(RenderState state, int count)
    {
        if (count <= 0) return "";
        state.ChargeText(count, (long)count * Fill.Length);
        return string.Concat(Enumerable.Repeat(Fill, count));
    }
}
