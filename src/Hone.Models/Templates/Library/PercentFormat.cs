using System.Globalization;

namespace Hone.Models.Templates;

/// <summary>Python's <c>format % values</c>.</summary>
internal sealed class PercentFormat
{
    private readonly RenderState state;
    private readonly string format;
    private readonly JinjaValue values;
    private readonly BoundedText output;
    private int next;
    private int at;

    private PercentFormat(RenderState state, string format, JinjaValue values)
    {
        (this.state, this.format, this.values) = (state, format, values);
        output = new BoundedText(state);
    }

    public static JinjaString Apply(RenderState state, string format, JinjaValue values)
    {
        PercentFormat run = new(state, format, values);
        run.Run();
        return new JinjaString(run.output.ToString());
    }

    private void Run()
    {
        while (at < format.Length)
        {
            state.Step();
            int percent = format.IndexOf('%', at);
            if (percent < 0) percent = format.Length;
            output.Append(format.AsSpan(at, percent - at));
            at = percent + 1;
            if (percent < format.Length) Convert();
        }
        int given = values is JinjaTuple tuple ? tuple.Items.Count : 1;
        if (next < given && values is not (JinjaDict or JinjaList)) throw JinjaException.Type("not all arguments converted during string formatting");
    }

    private void Convert()
    {
        string? key = ReadKey();
        FormatSpec spec = ReadFlags();
        int width = ReadCount() ?? 0;
        if (width < 0) spec = spec with { Align = '<', Fill = " " };
        int? precision = null;
        if (at < format.Length && format[at] == '.')
        {
            at++;
            precision = Math.Max(0, ReadCount() ?? 0);
        }
        while (at < format.Length && format[at] is 'h' or 'l' or 'L') at++;
        if (at >= format.Length) throw JinjaException.Value("incomplete format");
        char type = format[at++];
        spec = spec with { Width = Math.Abs(width), Precision = precision };
        output.Append(type == '%' ? "%" : Render(spec, type, key is null ? Next() : Keyed(key)));
    }

    private string Render(FormatSpec spec, char type, JinjaValue value)
    {
        if (type is 's' or 'r' or 'a')
        {
            string text = type == 's' ? PythonRepr.Str(state, value) : PythonRepr.Repr(state, value);
            return (spec with { Align = spec.Align == '<' ? '<' : '>', Fill = " " }).String(state, text);
        }
        if (type == 'c' && value is JinjaString letter)
            return PythonText.Length(letter.Value) == 1 ? spec.String(state, letter.Value) : throw JinjaException.Type("%c requires int or char");
        if (value is JinjaUndefined undefined) throw undefined.Error();
        if (!Numbers.TryNumber(value, out Number number))
            throw JinjaException.Type(type is 'd' or 'i' or 'u' ? $"%{type} format: a real number is required, not {value.TypeName}" : $"must be real number, not {value.TypeName}");
        if (type is 'd' or 'i' or 'u')
        {
            if (number.IsFloat && !double.IsFinite(number.Float)) throw new JinjaException(JinjaErrorKind.OverflowError, "cannot convert float infinity or NaN to integer");
            Number whole = number.IsFloat ? Number.Of(new System.Numerics.BigInteger(number.Float)) : number;
            return (spec with { Type = 'd', Precision = null, Fill = spec.Precision is null ? spec.Fill : " " }).Number(state, whole);
        }
        if (!"xXoeEfFgGc".Contains(type)) throw JinjaException.Value($"unsupported format character '{type}' (0x{(int)type:x}) at index {at - 1}");
        if (type is 'x' or 'X' or 'o' && number.IsFloat) throw JinjaException.Type($"%{type} format: an integer is required, not float");
        return (spec with { Type = type }).Number(state, number);
    }

    private string? ReadKey()
    {
        if (at >= format.Length || format[at] != '(') return null;
        int depth = 1, start = ++at;
        while (at < format.Length && depth > 0) depth += format[at++] switch { '(' => 1, ')' => -1, _ => 0 };
        return depth == 0 ? format[start..(at - 1)] : throw JinjaException.Value("incomplete format key");
    }

    private FormatSpec ReadFlags()
    {
        FormatSpec spec = new() { Align = '>' };
        for (; at < format.Length; at++)
        {
            switch (format[at])
            {
                case '-': spec = spec with { Align = '<', Fill = " " }; break;
                case '0' when spec.Align != '<': spec = spec with { Align = '=', Fill = "0" }; break;
                case '0': break;
                case '+': spec = spec with { Sign = '+' }; break;
                case ' ' when spec.Sign != '+': spec = spec with { Sign = ' ' }; break;
                case ' ': break;
                case '#': spec = spec with { Alternate = true }; break;
                default: return spec;
            }
        }
        return spec;
    }

    private int? ReadCount()
    {
        if (at < format.Length && format[at] == '*')
        {
            at++;
            return (int)(Numbers.TryInteger(Next()) ?? throw JinjaException.Type("* wants int"));
        }
        int start = at;
        while (at < format.Length && char.IsAsciiDigit(format[at])) at++;
        if (at == start) return null;
        return int.TryParse(format.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            ? count : throw JinjaException.Value("width too big");
    }

    private JinjaValue Next()
    {
        IReadOnlyList<JinjaValue> items = values is JinjaTuple tuple ? tuple.Items : [values];
        return next < items.Count ? items[next++] : throw JinjaException.Type("not enough arguments for format string");
    }

    private JinjaValue Keyed(string key)
    {
        if (values is not JinjaDict dict) throw JinjaException.Type("format requires a mapping");
        return dict.TryGet(key, out JinjaValue? value) ? value : throw new JinjaException(JinjaErrorKind.KeyError, $"'{key}'");
    }
}
