using System.Globalization;
using System.Text;

namespace Hone.Models.Templates;

/// <summary>The methods of Python's str, found by name. Splitting and searching are in StringMethods.Search.cs.</summary>
internal static partial class StringMethods
{
    public static JinjaFunction? Find(string text, string name) =>
        Casing(text, name) ?? Trimming(text, name) ?? Predicate(text, name) ?? Searching(text, name) ?? Splitting(text, name) ?? Formatting(text, name);

    private static JinjaFunction Method(string name, string[] parameters, Func<RenderState, JinjaValue?[], JinjaValue> body) =>
        JinjaFunction.Of(name, parameters, body);

    private static JinjaFunction? Casing(string text, string name)
    {
        Func<string, string>? change = name switch
        {
            "upper" => PythonCase.Upper,
            "lower" => PythonCase.Lower,
            "casefold" => t => PythonCase.Lower(PythonCase.Upper(t)),
            "title" => PythonCase.Title,
            "capitalize" => PythonCase.Capitalize,
            "swapcase" => PythonCase.SwapCase,
            _ => null,
        };
        return change is null ? null : Method(name, [], (s, _) => s.Text(change(text)));
    }

    private static JinjaFunction? Trimming(string text, string name) => name switch
    {
        "strip" => Method(name, ["chars?"], (s, a) => s.Text(PythonText.Strip(text, OptionalText(a[0])))),
        "lstrip" => Method(name, ["chars?"], (s, a) => s.Text(PythonText.Strip(text, OptionalText(a[0]), right: false))),
        "rstrip" => Method(name, ["chars?"], (s, a) => s.Text(PythonText.Strip(text, OptionalText(a[0]), left: false))),
        "removeprefix" => Method(name, ["prefix"], (s, a) => s.Text(text.StartsWith(Text(a[0]), StringComparison.Ordinal) ? text[Text(a[0]).Length..] : text)),
        "removesuffix" => Method(name, ["suffix"], (s, a) => s.Text(Text(a[0]).Length > 0 && text.EndsWith(Text(a[0]), StringComparison.Ordinal) ? text[..^Text(a[0]).Length] : text)),
        "center" => Method(name, ["width", "fillchar?"], (s, a) => Pad(s, text, Int(a[0]), Fill(a[1]), 0)),
        "ljust" => Method(name, ["width", "fillchar?"], (s, a) => Pad(s, text, Int(a[0]), Fill(a[1]), -1)),
        "rjust" => Method(name, ["width", "fillchar?"], (s, a) => Pad(s, text, Int(a[0]), Fill(a[1]), 1)),
        "zfill" => Method(name, ["width"], (s, a) => ZeroFill(s, text, Int(a[0]))),
        "expandtabs" => Method(name, ["tabsize?"], (s, a) => ExpandTabs(s, text, a[0] is null ? 8 : Int(a[0]))),
        _ => null,
    };

    private static JinjaFunction? Predicate(string text, string name)
    {
        bool? result = name switch
        {
            "isdigit" => All(text, IsDigit),
            "isdecimal" => All(text, r => Rune.GetUnicodeCategory(r) == UnicodeCategory.DecimalDigitNumber),
            "isnumeric" => All(text, IsNumeric),
            "isalpha" => All(text, Rune.IsLetter),
            "isalnum" => All(text, r => Rune.IsLetter(r) || IsNumeric(r)),
            "isspace" => text.Length > 0 && text.All(PythonText.IsSpace),
            "isascii" => text.All(char.IsAscii),
            "isprintable" => text.EnumerateRunes().All(PythonText.IsPrintable),
            "isidentifier" => text.Length > 0 && !char.IsDigit(text[0]) && text.All(c => c == '_' || char.IsLetterOrDigit(c)),
            "isupper" => IsCase(text, upper: true),
            "islower" => IsCase(text, upper: false),
            "istitle" => text.EnumerateRunes().Any(PythonCase.IsCased) && PythonCase.Title(text) == text,
            _ => null,
        };
        return result is { } value ? Method(name, [], (_, _) => JinjaBool.Of(value)) : null;
    }

    private static JinjaFunction? Formatting(string text, string name) => name switch
    {
        "format" => new JinjaFunction(name, (s, a) => BraceFormat.Apply(s, text, a)),
        "format_map" => Method(name, ["mapping"], (s, a) => BraceFormat.Apply(s, text, BraceFormat.FromMapping(a[0]!))),
        "join" => Method(name, ["iterable"], (s, a) => Join(s, text, a[0]!)),
        _ => null,
    };

    /// <summary>Whether there is a cased letter and none of the other case.</summary>
    public static bool IsCase(string text, bool upper) =>
        text.EnumerateRunes().Any(PythonCase.IsCased) && (upper ? PythonCase.Upper(text) : PythonCase.Lower(text)) == text;

    /// <summary>Fills up to <paramref name="width"/> code points: side -1 on the right, 1 on the left, 0 both.</summary>
    public static JinjaString Pad(RenderState state, string text, int width, string fill, int side)
    {
        int missing = width - PythonText.Length(text);
        if (missing <= 0) return state.Text(text);
        state.ChargeText(0, text.Length + (long)missing * fill.Length);
        // Python puts the odd one left when the width is odd.
        int left = side > 0 ? missing : side < 0 ? 0 : missing / 2 + (missing & width & 1);
        return state.Text(Repeat(fill, left) + text + Repeat(fill, missing - left));
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    private static JinjaString ZeroFill(RenderState state, string text, int width)
    {
        string sign = text.StartsWith('+') || text.StartsWith('-') ? text[..1] : "";
        string digits = Pad(state, text[sign.Length..], width - sign.Length, "0", 1).Value;
        return state.Text(sign + digits);
    }

    private static JinjaString ExpandTabs(RenderState state, string text, int size)
    {
        BoundedText result = new(state);
        int column = 0;
        foreach (string c in PythonText.CodePoints(text))
        {
            if (c == "\t")
            {
                int spaces = size > 0 ? size - column % size : 0;
                state.ChargeText(0, spaces);
                result.Append(new string(' ', spaces));
                column += spaces;
                continue;
            }
            result.Append(c);
            column = c is "\n" or "\r" ? 0 : column + 1;
        }
        return new JinjaString(result.ToString());
    }

    private static JinjaString Join(RenderState state, string separator, JinjaValue items)
    {
        BoundedText result = new(state);
        int index = 0;
        foreach (JinjaValue item in Sequences.Iterate(state, items))
        {
            state.Step();
            if (item is not JinjaString text) throw JinjaException.Type($"sequence item {index}: expected str instance, {item.TypeName} found");
            if (index++ > 0) result.Append(separator);
            result.Append(text.Value);
        }
        return new JinjaString(result.ToString());
    }

    private static bool All(string text, Func<Rune, bool> holds) => text.Length > 0 && text.EnumerateRunes().All(holds);

    private static bool IsDigit(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ||
        (Rune.GetUnicodeCategory(rune) == UnicodeCategory.OtherNumber && CharUnicodeInfo.GetDigitValue(rune.ToString(), 0) >= 0);

    private static bool IsNumeric(Rune rune) => CharUnicodeInfo.GetNumericValue(rune.ToString(), 0) >= 0;

    // Reading arguments.

    private static string Text(JinjaValue? value) => value switch
    {
        JinjaString text => text.Value,
        JinjaUndefined undefined => throw undefined.Error(),
        _ => throw JinjaException.Type($"expected str, found {value?.TypeName}"),
    };

    private static string? OptionalText(JinjaValue? value) => value is null or JinjaNone ? null : Text(value);

    private static string Fill(JinjaValue? value) => value is null ? " " : PythonText.Length(Text(value)) == 1 ? Text(value)
        : throw JinjaException.Type("The fill character must be exactly one character long");

    private static int Int(JinjaValue? value)
    {
        if (value is JinjaUndefined undefined) throw undefined.Error();
        System.Numerics.BigInteger number = Numbers.TryInteger(value!) ?? throw JinjaException.Type($"'{value!.TypeName}' object cannot be interpreted as an integer");
        return (int)System.Numerics.BigInteger.Max(int.MinValue, System.Numerics.BigInteger.Min(int.MaxValue, number));
    }
}
