using System.Globalization;

namespace Hone.Models.Templates;

/// <summary>Python's <c>str.format</c>, with the sandbox's rules for attributes.</summary>
internal sealed class BraceFormat
{
    private readonly RenderState state;
    private readonly string format;
    private readonly Arguments arguments;
    private int automatic;

    private BraceFormat(RenderState state, string format, Arguments arguments) =>
        (this.state, this.format, this.arguments) = (state, format, arguments);

    public static JinjaString Apply(RenderState state, string format, Arguments arguments) =>
        new(new BraceFormat(state, format, arguments).Run(format, 0));

    /// <summary>The arguments of <c>format_map</c>.</summary>
    public static Arguments FromMapping(JinjaValue value) => value is JinjaDict dict
        ? new([], [.. dict.Entries.Where(e => e.Key is JinjaString).Select(e => KeyValuePair.Create(((JinjaString)e.Key).Value, e.Value))])
        : throw JinjaException.Type($"'{value.TypeName}' object is not a mapping");

    private string Run(string pattern, int level)
    {
        BoundedText output = new(state);
        for (int i = 0; i < pattern.Length; i++)
        {
            state.Step();
            char c = pattern[i];
            if (c is not ('{' or '}')) output.Append(c);
            else if (i + 1 < pattern.Length && pattern[i + 1] == c) output.Append(pattern[i++]);
            else if (c == '}') throw JinjaException.Value("Single '}' encountered in format string");
            else
            {
                int end = FieldEnd(pattern, i);
                output.Append(Field(pattern[(i + 1)..end], level));
                i = end;
            }
        }
        return output.ToString();
    }

    private static int FieldEnd(string pattern, int start)
    {
        int depth = 0;
        for (int i = start; i < pattern.Length; i++)
        {
            if (pattern[i] == '{') depth++;
            else if (pattern[i] == '}' && --depth == 0) return i;
        }
        throw JinjaException.Value("expected '}' before end of string");
    }

    private string Field(string field, int level)
    {
        if (level > 1) throw JinjaException.Value("Max string recursion exceeded");
        int colon = field.IndexOf(':');
        string name = colon < 0 ? field : field[..colon];
        char conversion = '\0';
        if (name.Length >= 2 && name[^2] == '!') (name, conversion) = (name[..^2], name[^1]);
        JinjaValue value = Lookup(name); // before the format, which may take the next argument
        string spec = colon < 0 ? "" : Run(field[(colon + 1)..], level + 1);
        if (conversion is 'r' or 'a') value = state.Text(PythonRepr.Repr(state, value));
        else if (conversion == 's') value = state.Text(PythonRepr.Str(state, value));
        return Format(value, spec);
    }

    private JinjaValue Lookup(string name)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? name : name[..end];
        JinjaValue value = First(first);
        string rest = end < 0 ? "" : name[end..];
        while (rest.Length > 0)
        {
            state.Step();
            bool isItem = rest[0] == '[';
            int stop = isItem ? rest.IndexOf(']') : rest.AsSpan(1).IndexOfAny('.', '[') is >= 0 and int at ? at + 1 : rest.Length;
            if (stop < 0) throw JinjaException.Value("Missing ']' in format string");
            string key = rest[1..stop];
            value = isItem ? Attributes.GetItem(state, value, ItemKey(key)) : Attributes.Get(state, value, new JinjaString(key));
            rest = rest[(isItem ? stop + 1 : stop)..];
        }
        return value;
    }

    private static JinjaValue ItemKey(string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? new JinjaInteger(index) : new JinjaString(key);

    private JinjaValue First(string name)
    {
        if (name.Length == 0) name = (automatic++).ToString(CultureInfo.InvariantCulture);
        if (!int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
            return arguments.Find(name) ?? throw new JinjaException(JinjaErrorKind.KeyError, $"'{name}'");
        return index < arguments.Positional.Count ? arguments.Positional[index]
            : throw new JinjaException(JinjaErrorKind.IndexError, $"Replacement index {index} out of range for positional args tuple");
    }

    private string Format(JinjaValue value, string text)
    {
        FormatSpec spec = Parse(text);
        if (text.Length == 0 || value is JinjaString || !Numbers.TryNumber(value, out Number number)) return FormatText(value, spec, text);
        if (value is JinjaBool && spec.Type is null) return FormatText(value, spec, text);
        return spec.Number(state, number);
    }

    private string FormatText(JinjaValue value, FormatSpec spec, string text)
    {
        if (value is not (JinjaString or JinjaBool) && text.Length > 0) throw JinjaException.Type($"unsupported format string passed to {value.TypeName}.__format__");
        if (spec.Type is not (null or 's')) throw JinjaException.Value($"Unknown format code '{spec.Type}' for object of type 'str'");
        return spec.String(state, PythonRepr.Str(state, value));
    }

    private static FormatSpec Parse(string text)
    {
        FormatSpec spec = new();
        int i = 0, fillWidth = text.Length > 0 ? PythonText.Width(text, 0) : 0;
        if (text.Length > fillWidth && IsAlign(text[fillWidth])) (spec, i) = (spec with { Fill = text[..fillWidth], Align = text[fillWidth] }, fillWidth + 1);
        else if (text.Length > 0 && IsAlign(text[0])) (spec, i) = (spec with { Align = text[0] }, 1);
        if (i < text.Length && text[i] is '+' or '-' or ' ') spec = spec with { Sign = text[i++] };
        if (i < text.Length && text[i] == '#') (spec, i) = (spec with { Alternate = true }, i + 1);
        if (i < text.Length && text[i] == '0' && spec.Align is null) (spec, i) = (spec with { Fill = "0", Align = '=' }, i + 1);
        spec = spec with { Width = ReadNumber(text, ref i) ?? 0 };
        if (i < text.Length && text[i] is ',' or '_') spec = spec with { Grouping = text[i++] };
        if (i < text.Length && text[i] == '.')
        {
            i++;
            spec = spec with { Precision = ReadNumber(text, ref i) ?? throw JinjaException.Value("Format specifier missing precision") };
        }
        if (i < text.Length) spec = spec with { Type = text[i++] };
        return i == text.Length ? spec : throw JinjaException.Value($"Invalid format specifier '{text}'");
    }

    private static bool IsAlign(char c) => c is '<' or '>' or '^' or '=';

    private static int? ReadNumber(string text, ref int i)
    {
        int start = i;
        while (i < text.Length && char.IsAsciiDigit(text[i])) i++;
        if (i == start) return null;
        return int.TryParse(text.AsSpan(start, i - start), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number : throw JinjaException.Value("Too many decimal digits in format string");
    }
}
