namespace Hone.Models.Templates;

/// <summary>Searching, replacing and splitting.</summary>
internal static partial class StringMethods
{
    private static JinjaFunction? Searching(string text, string name) => name switch
    {
        "startswith" => Method(name, ["prefix", "start?", "end?"], (s, a) => JinjaBool.Of(AnyOf(s, a[0]!).Any(p => Part(text, a[1], a[2]).StartsWith(p, StringComparison.Ordinal)))),
        "endswith" => Method(name, ["suffix", "start?", "end?"], (s, a) => JinjaBool.Of(AnyOf(s, a[0]!).Any(p => Part(text, a[1], a[2]).EndsWith(p, StringComparison.Ordinal)))),
        "find" => Method(name, ["sub", "start?", "end?"], (_, a) => new JinjaInteger(IndexOf(text, a, last: false))),
        "rfind" => Method(name, ["sub", "start?", "end?"], (_, a) => new JinjaInteger(IndexOf(text, a, last: true))),
        "index" => Method(name, ["sub", "start?", "end?"], (_, a) => new JinjaInteger(Found(IndexOf(text, a, last: false)))),
        "rindex" => Method(name, ["sub", "start?", "end?"], (_, a) => new JinjaInteger(Found(IndexOf(text, a, last: true)))),
        "count" => Method(name, ["sub", "start?", "end?"], (_, a) => new JinjaInteger(Count(Part(text, a[1], a[2]), Text(a[0])))),
        "replace" => Method(name, ["old", "new", "count?"], (s, a) => Replace(s, text, Text(a[0]), Text(a[1]), a[2] is null ? -1 : Int(a[2]))),
        _ => null,
    };

    private static JinjaFunction? Splitting(string text, string name) => name switch
    {
        "split" => Method(name, ["sep?", "maxsplit?"], (s, a) => Strings(s, Split(text, OptionalText(a[0]), a[1] is null ? -1 : Int(a[1])))),
        "rsplit" => Method(name, ["sep?", "maxsplit?"], (s, a) => Strings(s, RightSplit(text, OptionalText(a[0]), a[1] is null ? -1 : Int(a[1])))),
        "splitlines" => Method(name, ["keepends?"], (s, a) => Strings(s, Lines(text, a[0]?.IsTrue ?? false))),
        "partition" => Method(name, ["sep"], (_, a) => Partition(text, Separator(a[0]), last: false)),
        "rpartition" => Method(name, ["sep"], (_, a) => Partition(text, Separator(a[0]), last: true)),
        _ => null,
    };

    /// <summary>Python's <c>str.replace</c>; a negative count replaces all, an empty <paramref name="old"/> matches between all letters.</summary>
    public static JinjaString Replace(RenderState state, string text, string old, string replacement, int count)
    {
        BoundedText result = new(state);
        int at = 0;
        for (; count != 0; count--)
        {
            state.Step();
            if (old.Length == 0)
            {
                result.Append(replacement);
                if (at >= text.Length) break;
                int width = PythonText.Width(text, at);
                result.Append(text.AsSpan(at, width));
                at += width;
                continue;
            }
            int next = text.IndexOf(old, at, StringComparison.Ordinal);
            if (next < 0) break;
            result.Append(text.AsSpan(at, next - at)).Append(replacement);
            at = next + old.Length;
        }
        if (at < text.Length) result.Append(text.AsSpan(at));
        return new JinjaString(result.ToString());
    }

    private static IEnumerable<string> AnyOf(RenderState state, JinjaValue value) =>
        value is JinjaTuple tuple ? state.Collect(tuple.Items).Select(Text) : [Text(value)];

    /// <summary>The text between two optional Python indices.</summary>
    private static string Part(string text, JinjaValue? start, JinjaValue? end)
    {
        if (start is null or JinjaNone && end is null or JinjaNone) return text;
        int length = PythonText.Length(text);
        int from = Clamp(start, length, 0), to = Clamp(end, length, length);
        return from >= to ? "" : text[PythonText.Utf16Index(text, from)..PythonText.Utf16Index(text, to)];
    }

    private static int Clamp(JinjaValue? index, int length, int fallback)
    {
        if (index is null or JinjaNone) return fallback;
        long value = Int(index);
        return (int)Math.Clamp(value < 0 ? value + length : value, 0, length);
    }

    private static int IndexOf(string text, JinjaValue?[] a, bool last)
    {
        string part = Part(text, a[1], a[2]), sub = Text(a[0]);
        int at = last ? part.LastIndexOf(sub, StringComparison.Ordinal) : part.IndexOf(sub, StringComparison.Ordinal);
        return at < 0 ? -1 : PythonText.Length(part.AsSpan(0, at)) + Clamp(a[1], PythonText.Length(text), 0);
    }

    private static int Found(int index) => index >= 0 ? index : throw JinjaException.Value("substring not found");

    private static int Count(string text, string sub)
    {
        if (sub.Length == 0) return PythonText.Length(text) + 1;
        int count = 0;
        for (int at = text.IndexOf(sub, StringComparison.Ordinal); at >= 0; at = text.IndexOf(sub, at + sub.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    private static JinjaList Strings(RenderState state, IEnumerable<string> parts) =>
        new(state.Collect(parts.Select(p => (JinjaValue)state.Text(p))));

    private static IEnumerable<string> Split(string text, string? separator, int limit)
    {
        if (separator is null) return SplitWords(text, limit);
        if (separator.Length == 0) throw JinjaException.Value("empty separator");
        return limit < 0 ? text.Split(separator) : text.Split(separator, limit == int.MaxValue ? limit : limit + 1);
    }

    private static IEnumerable<string> SplitWords(string text, int limit)
    {
        int at = 0;
        for (int words = 0; ; words++)
        {
            while (at < text.Length && PythonText.IsSpace(text[at])) at++;
            if (at >= text.Length) yield break;
            int start = at;
            if (words == limit)
            {
                yield return PythonText.Strip(text[start..], null, left: false);
                yield break;
            }
            while (at < text.Length && !PythonText.IsSpace(text[at])) at++;
            yield return text[start..at];
        }
    }

    private static List<string> RightSplit(string text, string? separator, int limit)
    {
        if (limit < 0) return [.. Split(text, separator, -1)];
        if (separator is { Length: 0 }) throw JinjaException.Value("empty separator");
        List<string> parts = [];
        string rest = separator is null ? PythonText.Strip(text, null, left: false) : text;
        for (; parts.Count < limit;)
        {
            int cut = separator is null ? LastSpace(rest) : rest.LastIndexOf(separator, StringComparison.Ordinal);
            if (cut < 0) break;
            parts.Add(rest[(cut + (separator?.Length ?? 1))..]);
            rest = separator is null ? PythonText.Strip(rest[..cut], null, left: false) : rest[..cut];
        }
        if (separator is not null || PythonText.Strip(rest, null).Length > 0) parts.Add(separator is null ? PythonText.Strip(rest, null, right: false) : rest);
        parts.Reverse();
        return parts;
    }

    private static int LastSpace(string text)
    {
        for (int i = text.Length - 1; i >= 0; i--)
            if (PythonText.IsSpace(text[i])) return i;
        return -1;
    }

    private static IEnumerable<string> Lines(string text, bool keepEnds)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ((>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029')) continue;
            int end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
            yield return text[start..(keepEnds ? i + 1 : end)];
            start = i + 1;
        }
        if (start < text.Length) yield return text[start..];
    }

    private static string Separator(JinjaValue? value) =>
        Text(value).Length > 0 ? Text(value) : throw JinjaException.Value("empty separator");

    private static JinjaTuple Partition(string text, string separator, bool last)
    {
        int at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = at < 0 ? (last ? ["", "", text] : [text, "", ""]) : [text[..at], separator, text[(at + separator.Length)..]];
        return new JinjaTuple([.. parts.Select(p => new JinjaString(p))]);
    }
}
