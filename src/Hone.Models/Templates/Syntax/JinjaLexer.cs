namespace Hone.Models.Templates;

/// <summary>
/// Cuts a template into tokens, with white space handled as chat templates have it: the newline after a block tag or
/// comment goes (trim_blocks), and so does the space before one that starts a line (lstrip_blocks).
/// </summary>
internal sealed class JinjaLexer
{
    private readonly string source;
    private readonly List<JinjaToken> tokens = [];
    private readonly int[] lineStarts;
    private int at;
    private bool atLineStart = true;

    private JinjaLexer(string source)
    {
        this.source = source;
        lineStarts = [0, .. Enumerable.Range(0, source.Length).Where(i => source[i] == '\n').Select(i => i + 1)];
    }

    /// <summary>All tokens, the last of kind <see cref="TokenKind.End"/>.</summary>
    /// <exception cref="JinjaException">An unclosed tag, comment or string, or a character that means nothing.</exception>
    public static List<JinjaToken> Read(string template)
    {
        JinjaLexer lexer = new(Normalize(template));
        lexer.ReadAll();
        return lexer.tokens;
    }

    // All line ends become \n; one at the very end is dropped.
    private static string Normalize(string template)
    {
        string text = template.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        return text.EndsWith('\n') ? text[..^1] : text;
    }

    private void ReadAll()
    {
        while (at < source.Length)
        {
            int tag = FindTag(at);
            if (tag < 0)
            {
                AddText(at, source[at..]);
                at = source.Length;
                break;
            }
            ReadTag(tag);
        }
        tokens.Add(new(TokenKind.End, "", PositionOf(source.Length)));
    }

    private int FindTag(int from)
    {
        for (int i = source.IndexOf('{', from); i >= 0 && i + 1 < source.Length; i = source.IndexOf('{', i + 1))
            if (source[i + 1] is '{' or '%' or '#') return i;
        return -1;
    }

    private void ReadTag(int tag)
    {
        char kind = source[tag + 1];
        char sign = tag + 2 < source.Length && source[tag + 2] is '-' or '+' ? source[tag + 2] : '\0';
        AddText(at, TrimBefore(source[at..tag], sign, isOutput: kind == '{'));
        at = tag + 2 + (sign == '\0' ? 0 : 1);
        int start = at;
        if (kind == '#') ReadComment(tag);
        else if (kind == '%' && ReadWord("raw")) ReadRaw(tag);
        else
        {
            at = start;
            ReadExpressionTag(tag, isOutput: kind == '{');
        }
        atLineStart = at > 0 && source[at - 1] == '\n';
    }

    private string TrimBefore(string text, char sign, bool isOutput)
    {
        if (sign == '-') return PythonText.Strip(text, null, left: false);
        if (sign == '+' || isOutput) return text;
        int line = text.LastIndexOf('\n') + 1;
        return (line > 0 || atLineStart) && text.Skip(line).All(PythonText.IsSpace) ? text[..line] : text;
    }

    private void AddText(int start, string text)
    {
        if (text.Length > 0) tokens.Add(new(TokenKind.Text, text, PositionOf(start)));
    }

    private void ReadComment(int tag)
    {
        int end = source.IndexOf("#}", at, StringComparison.Ordinal);
        if (end < 0) throw JinjaException.Syntax("Missing end of comment tag", PositionOf(tag));
        char sign = end > at ? source[end - 1] : '\0';
        at = end + 2;
        SkipAfterTag(sign, trimsNewline: true);
    }

    // {% raw %}: everything up to endraw is text.
    private void ReadRaw(int tag)
    {
        int start = at, scan = at;
        while (true)
        {
            int open = source.IndexOf("{%", scan, StringComparison.Ordinal);
            if (open < 0) throw JinjaException.Syntax("Missing end of raw directive", PositionOf(tag));
            at = open + 2;
            char sign = at < source.Length && source[at] is '-' or '+' ? source[at++] : '\0';
            if (ReadWord("endraw"))
            {
                atLineStart = start > 0 && source[start - 1] == '\n';
                AddText(start, TrimBefore(source[start..open], sign, isOutput: false));
                return;
            }
            scan = open + 2;
        }
    }

    /// <summary>Reads <paramref name="word"/> and the end of its tag, or nothing.</summary>
    private bool ReadWord(string word)
    {
        int i = at;
        while (i < source.Length && PythonText.IsSpace(source[i])) i++;
        if (!source.AsSpan(i).StartsWith(word)) return false;
        i += word.Length;
        while (i < source.Length && PythonText.IsSpace(source[i])) i++;
        char sign = i < source.Length && source[i] is '-' or '+' ? source[i++] : '\0';
        if (!source.AsSpan(i).StartsWith("%}")) return false;
        at = i + 2;
        SkipAfterTag(sign, trimsNewline: word == "endraw");
        return true;
    }

    private void SkipAfterTag(char sign, bool trimsNewline)
    {
        if (sign == '-')
            while (at < source.Length && PythonText.IsSpace(source[at])) at++;
        else if (sign != '+' && trimsNewline && at < source.Length && source[at] == '\n') at++;
    }

    private void ReadExpressionTag(int tag, bool isOutput)
    {
        string close = isOutput ? "}}" : "%}";
        tokens.Add(new(isOutput ? TokenKind.OutputBegin : TokenKind.BlockBegin, source[tag..(tag + 2)], PositionOf(tag)));
        ExpressionLexer inner = new(source, PositionOf, tokens);
        (int end, char sign) = inner.Read(at, close);
        tokens.Add(new(isOutput ? TokenKind.OutputEnd : TokenKind.BlockEnd, close, PositionOf(end)));
        at = end;
        SkipAfterTag(sign, trimsNewline: !isOutput);
    }

    private Position PositionOf(int index)
    {
        int line = Array.BinarySearch(lineStarts, index);
        if (line < 0) line = ~line - 1;
        return new(line + 1, index - lineStarts[line] + 1);
    }
}
