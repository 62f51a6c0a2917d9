using System.Globalization;
using System.Numerics;

namespace Hone.Models.Templates;

/// <summary>Filters on numbers.</summary>
internal static partial class Filters
{
    private static void AddNumberFilters(Dictionary<string, FilterBody> filters)
    {
        filters.Add("abs", [], (_, a) => Absolute(a[0]!));
        filters.Add("int", ["default?", "base?"], (s, a) => ToInteger(s, a[0]!, Int(a[2], 10)) is { } value ? new JinjaInteger(value) : a[1] ?? Number(0));
        filters.Add("float", ["default?"], (_, a) => ToDouble(a[0]!) is { } value ? new JinjaFloat(value) : a[1] ?? new JinjaFloat(0));
        filters.Add("round", ["precision?", "method?"], (s, a) => Round(a[0]!, Int(a[1], 0), Str(s, a[2], "common")));
        filters.Add("filesizeformat", ["binary?"], (s, a) => s.Text(FileSize(ToDouble(a[0]!) ?? throw JinjaException.Value("not a number"), True(a[1]))));
    }

    private static JinjaValue Absolute(JinjaValue value)
    {
        if (!Numbers.TryNumber(value, out Number number)) throw JinjaException.Type($"bad operand type for abs(): '{value.TypeName}'");
        return number.IsFloat ? new JinjaFloat(Math.Abs(number.Float)) : new JinjaInteger(BigInteger.Abs(number.Integer));
    }

    private static BigInteger? ToInteger(RenderState state, JinjaValue value, int radix)
    {
        if (value is JinjaString text) return ParseInteger(text.Value, radix) ?? Truncate(ToDouble(value));
        return Numbers.TryInteger(value) ?? Truncate(ToDouble(value));
    }

    private static BigInteger? Truncate(double? value) =>
        value is { } number && double.IsFinite(number) ? new BigInteger(Math.Truncate(number)) : null;

    private static BigInteger? ParseInteger(string text, int radix)
    {
        if (radix is not (0 or (>= 2 and <= 36)) || text.Length > Numbers.MaxDigits) return null;
        string digits = PythonText.Strip(text, null).ToLowerInvariant();
        bool negative = digits.StartsWith('-');
        if (negative || digits.StartsWith('+')) digits = digits[1..];
        if (digits.Length > 2 && digits[0] == '0' && Radix(digits[1]) is > 0 and int prefix && (radix == prefix || radix == 0)) (digits, radix) = (digits[2..], prefix);
        if (radix == 0) radix = 10;
        if (digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__")) return null;
        BigInteger value = 0;
        foreach (char c in digits.Replace("_", ""))
        {
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetterLower(c) ? c - 'a' + 10 : char.IsDigit(c) ? (int)char.GetNumericValue(c) : 99;
            if (digit >= radix) return null;
            value = value * radix + digit;
        }
        return negative ? -value : value;
    }

    private static int Radix(char letter) => letter switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 };

    private static double? ToDouble(JinjaValue value)
    {
        if (Numbers.TryNumber(value, out Number number)) return number.ToDouble();
        if (value is JinjaUndefined undefined) throw undefined.Error();
        if (value is not JinjaString text) return null;
        string trimmed = PythonText.Strip(text.Value, null);
        string plain = trimmed.TrimStart('+', '-').ToLowerInvariant();
        double sign = trimmed.StartsWith('-') ? -1 : 1;
        if (plain is "inf" or "infinity") return sign * double.PositiveInfinity;
        if (plain == "nan") return double.NaN;
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        bool underscores = trimmed.Contains('_') && !trimmed.Contains("__") && trimmed[0] != '_' && trimmed[^1] != '_';
        return double.TryParse(underscores ? trimmed.Replace("_", "") : trimmed, style, CultureInfo.InvariantCulture, out double result) ? result : null;
    }

    // Half to even on the exact decimal value, as Python rounds; integers stay integers with method 'common'.
    private static JinjaValue Round(JinjaValue value, int precision, string method)
    {
        if (method is not ("common" or "ceil" or "floor")) throw new JinjaException(JinjaErrorKind.FilterArgumentError, "method must be common, ceil or floor");
        if (value is JinjaUndefined undefined) throw undefined.Error();
        if (!Numbers.TryNumber(value, out Number number)) throw JinjaException.Type($"type {value.TypeName} doesn't define __round__ method");
        if (method == "common" && number.IsFloat) return new JinjaFloat(DecimalText.Round(number.Float, precision));
        if (method == "common") return new JinjaInteger(precision >= 0 ? number.Integer : DecimalText.RoundInteger(number.Integer, -precision));
        double scale = Math.Pow(10, precision), scaled = number.ToDouble() * scale;
        return new JinjaFloat((method == "ceil" ? Math.Ceiling(scaled) : Math.Floor(scaled)) / scale);
    }

    private static string FileSize(double bytes, bool binary)
    {
        double unit = binary ? 1024 : 1000;
        string[] names = binary ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
        if (bytes == 1) return "1 Byte";
        if (bytes < unit) return $"{Math.Truncate(bytes)} Bytes";
        int power = 1;
        while (power < names.Length && bytes >= Math.Pow(unit, power + 1)) power++;
        return $"{DecimalText.Fixed(bytes / Math.Pow(unit, power), 1)} {names[power - 1]}";
    }
}
