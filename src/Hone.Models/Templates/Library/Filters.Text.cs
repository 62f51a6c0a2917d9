using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Hone.Models.Templates;

/// <summary>Filters on text.</summary>
internal static partial class Filters
{
    private static readonly SearchValues<char> NotInAttributeNames = SearchValues.Create(" \t\n\v\f\r/>=");

    private static void AddTextFilters(Dictionary<string, FilterBody> filters)
    {
        filters.Add("upper", [], (s, a) => s.Text(PythonCase.Upper(Str(s, a[0]))));
        filters.Add("lower", [], (s, a) => s.Text(PythonCase.Lower(Str(s, a[0]))));
        filters.Add("capitalize", [], (s, a) => s.Text(PythonCase.Capitalize(Str(s, a[0]))));
        filters.Add("title", [], (s, a) => s.Text(TitleWords(Str(s, a[0]))));
        filters.Add("trim", ["chars?"], (s, a) => s.Text(PythonText.Strip(Str(s, a[0]), a[1] is null or JinjaNone ? null : Str(s, a[1]))));
        filters.Add("string", [], (s, a) => a[0] as JinjaString ?? s.Text(Str(s, a[0])));
        filters.Add("replace", ["old", "new", "count?"], (s, a) =>
            StringMethods.Replace(s, Str(s, a[0]), Str(s, a[1]), Str(s, a[2]), a[3] is null or JinjaNone ? -1 : Int(a[3], -1)));
        filters.Add("center", ["width?"], (s, a) => StringMethods.Pad(s, Str(s, a[0]), Int(a[1], 80), " ", 0));
        filters.Add("indent", ["width?", "first?", "blank?"], (s, a) => s.Text(Indent(s, a)));
        filters.Add("truncate", ["length?", "killwords?", "end?", "leeway?"], (s, a) => s.Text(Truncate(s, a)));
        filters.Add("wordcount", [], (s, a) => Number(WordPattern().Count(Str(s, a[0]))));
        filters.Add("wordwrap", ["width?", "break_long_words?", "wrapstring?", "break_on_hyphens?"], (s, a) =>
            s.Text(WordWrap.Wrap(Str(s, a[0]), Int(a[1], 79), True(a[2], true), a[3] is null or JinjaNone ? "\n" : Str(s, a[3]), True(a[4], true))));
        filters.Add("escape", [], (s, a) => s.Text(Escape(Str(s, a[0]))));
        filters.Add("safe", [], (s, a) => s.Text(Str(s, a[0])));
        filters.Add("striptags", [], (s, a) => s.Text(string.Join(' ', TagPattern().Replace(Str(s, a[0]), "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
        filters.Add("urlencode", [], (s, a) => s.Text(UrlEncode(s, a[0]!)));
        filters.Add("xmlattr", ["autospace?"], (s, a) => s.Text(XmlAttributes(s, a[0]!, True(a[1], true))));
        filters["format"] = (s, a) => PercentFormat.Apply(s, Str(s, a.Positional[0]),
            a.Named.Count > 0 ? ToDict(a.Named) : new JinjaTuple([.. a.Positional.Skip(1)]));
    }

    private static JinjaDict ToDict(IReadOnlyList<KeyValuePair<string, JinjaValue>> named)
    {
        JinjaDict dict = new();
        foreach ((string name, JinjaValue value) in named) dict.Set(name, value);
        return dict;
    }

    // Words start after white space, hyphens and opening brackets; unlike str.title an apostrophe does not start one.
    private static string TitleWords(string text)
    {
        StringBuilder result = new(text.Length);
        foreach (Match word in WordStartPattern().Matches(text))
            result.Append(word.Value.Length > 0 ? UpperFirst(word.Value) : "");
        return result.ToString();
    }

    private static string UpperFirst(string word)
    {
        int width = PythonText.Width(word, 0);
        return PythonCase.Upper(word[..width]) + PythonCase.Lower(word[width..]);
    }

    private static string Indent(RenderState state, JinjaValue?[] a)
    {
        string text = Str(state, a[0]);
        string indent = a[1] is JinjaString given ? given.Value : Spaces(state, Int(a[1], 4));
        string[] lines = text.Split('\n');
        state.ChargeText(0, text.Length + (long)lines.Length * indent.Length);
        for (int i = 0; i < lines.Length; i++)
            if (i == 0 ? True(a[2]) : True(a[3]) || lines[i].Length > 0) lines[i] = indent + lines[i];
        return string.Join('\n', lines);
    }

    private static string Spaces(RenderState state, int count)
    {
        state.ChargeText(0, Math.Max(0, count));
        return new string(' ', Math.Max(0, count));
    }

    private static string Truncate(RenderState state, JinjaValue?[] a)
    {
        string text = Str(state, a[0]), end = Str(state, a[3], "...");
        int length = Int(a[1], 255), leeway = Int(a[4] is JinjaNone ? null : a[4], 5), size = PythonText.Length(text), endSize = PythonText.Length(end);
        if (length < endSize) throw new JinjaException(JinjaErrorKind.AssertionError, $"expected length >= {endSize}, got {length}");
        if (leeway < 0) throw new JinjaException(JinjaErrorKind.AssertionError, $"expected leeway >= 0, got {leeway}");
        if (size <= (long)length + leeway) return text;
        string head = text[..PythonText.Utf16Index(text, length - endSize)];
        if (True(a[2])) return head + end;
        int space = head.LastIndexOf(' ');
        return (space < 0 ? head : head[..space]) + end;
    }

    private static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal);

    private static string UrlEncode(RenderState state, JinjaValue value)
    {
        if (value is JinjaString || !Sequences.IsIterable(value)) return Quote(Str(state, value), "/");
        IEnumerable<JinjaValue> pairs = value is JinjaDict dict ? DictMethods.Items(dict).Items : Sequences.Iterate(state, value);
        return string.Join('&', state.Collect(pairs).Select(pair =>
            string.Join('=', state.Collect(Sequences.Iterate(state, pair)).Select(part => Quote(Str(state, part), "").Replace("%20", "+", StringComparison.Ordinal)))));
    }

    private static string Quote(string text, string safe) =>
        string.Concat(Encoding.UTF8.GetBytes(text).Select(b => char.IsAsciiLetterOrDigit((char)b) || "_.-~".Contains((char)b) || safe.Contains((char)b) ? ((char)b).ToString() : $"%{b:X2}"));

    private static string XmlAttributes(RenderState state, JinjaValue value, bool autospace)
    {
        if (value is not JinjaDict dict) throw JinjaException.Type($"'{value.TypeName}' object has no items");
        List<string> parts = [];
        foreach ((JinjaValue key, JinjaValue item) in dict.Entries)
        {
            if (item is JinjaNone or JinjaUndefined) continue;
            string name = Str(state, key);
            if (name.AsSpan().ContainsAny(NotInAttributeNames)) throw JinjaException.Value($"Invalid character in attribute name: {PythonRepr.Repr(state, key)}");
            parts.Add($"{Escape(name)}=\"{Escape(Str(state, item))}\"");
        }
        string text = string.Join(' ', parts);
        return autospace && text.Length > 0 ? " " + text : text;
    }

    [GeneratedRegex(@"[-\s({\[<]+|[^-\s({\[<]+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WordStartPattern();

    [GeneratedRegex(@"\w+", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"<!--[\s\S]*?-->|<[^>]*>", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex TagPattern();
}
