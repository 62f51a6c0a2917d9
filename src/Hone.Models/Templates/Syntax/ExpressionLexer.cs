namespace Hone.Models.Templates;

/// <summary>Tokens inside <c>{{ }}</c> and <c>{% %}</c>: names, numbers, strings, operators with balanced brackets.</summary>
internal sealed class ExpressionLexer(string source, Func<int, Position> positionOf, List<JinjaToken> tokens)
{
    private const string Single = "+-/*%~[](){}><=.:|,;";
    private static readonly string[] Double = ["//", "**", "==", "!=", ">=", "<="];

    private readonly Stack<char> open = new();
    private int at;

    /// <summary>Reads up to and including <paramref name="close"/>; returns where it ends and the sign before it.</summary>
    public (int End, char Sign) Read(int start, string close)
    {
        at = start;
        while (true)
        {
            while (at < source.Length && PythonText.IsSpace(source[at])) at++;
            if (at >= source.Length) throw JinjaException.Syntax($"unexpected end of template, expected '{(open.Count > 0 ? open.Peek() : close)}'", positionOf(at));
            if (open.Count == 0 && Closes(close) is { } sign) return (at, sign);
            ReadToken();
        }
    }

    private char? Closes(string close)
    {
        ReadOnlySpan<char> rest = source.AsSpan(at);
        bool mayHavePlus = close == "%}";
        if (rest.StartsWith(close))
        {
            at += 2;
            return '\0';
        }
        if (rest.Length < 3 || !(rest[0] == '-' || (rest[0] == '+' && mayHavePlus)) || !rest[1..].StartsWith(close)) return null;
        at += 3;
        return rest[0];
    }

    private void ReadToken()
    {
        char c = source[at];
        if (char.IsAsciiDigit(c)) ReadNumber();
        else if (c == '_' || char.IsLetter(c)) ReadName();
        else if (c is '\'' or '"') ReadString(c);
        else ReadOperator(c);
    }

    private void Add(TokenKind kind, int start, string? text = null) =>
        tokens.Add(new(kind, text ?? source[start..at], positionOf(start)));

    private void ReadName()
    {
        int start = at;
        while (at < source.Length && (source[at] == '_' || char.IsLetterOrDigit(source[at]))) at++;
        Add(TokenKind.Name, start);
    }

    private void ReadNumber()
    {
        int start = at;
        int radix = source[at] == '0' && at + 1 < source.Length ? char.ToLowerInvariant(source[at + 1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 10 } : 10;
        if (radix != 10)
        {
            at += 2;
            while (at < source.Length && (char.IsAsciiHexDigit(source[at]) || source[at] == '_')) at++;
            Add(TokenKind.Integer, start);
            return;
        }
        SkipDigits();
        bool isFloat = false;
        // After a dot a number is a list index (a.0.1), not a fraction.
        bool afterDot = start > 0 && source[start - 1] == '.';
        if (!afterDot && at + 1 < source.Length && source[at] == '.' && char.IsAsciiDigit(source[at + 1]))
        {
            at++;
            SkipDigits();
            isFloat = true;
        }
        if (!afterDot && ExponentLength() is > 0 and int length)
        {
            at += length;
            SkipDigits();
            isFloat = true;
        }
        Add(isFloat ? TokenKind.Float : TokenKind.Integer, start);
    }

    private int ExponentLength()
    {
        if (at >= source.Length || source[at] is not ('e' or 'E')) return 0;
        int i = at + 1;
        if (i < source.Length && source[i] is '+' or '-') i++;
        return i < source.Length && char.IsAsciiDigit(source[i]) ? i - at : 0;
    }

    private void SkipDigits()
    {
        while (at < source.Length && (char.IsAsciiDigit(source[at]) || (source[at] == '_' && at + 1 < source.Length && char.IsAsciiDigit(source[at + 1])))) at++;
    }

    private void ReadString(char quote)
    {
        int start = at++;
        while (at < source.Length && source[at] != quote) at += source[at] == '\\' ? 2 : 1;
        if (at >= source.Length) throw JinjaException.Syntax("a string is not closed", positionOf(start));
        at++;
        Add(TokenKind.String, start, StringLiteral.Unescape(source[(start + 1)..(at - 1)], positionOf(start)));
    }

    private void ReadOperator(char c)
    {
        int start = at;
        string? two = Array.Find(Double, d => source.AsSpan(start).StartsWith(d));
        if (two is null && !Single.Contains(c)) throw JinjaException.Syntax($"unexpected char '{PythonText.At(source[at..], 0)}'", positionOf(at));
        at += two?.Length ?? 1;
        if (c is '(' or '[' or '{') open.Push(c == '(' ? ')' : c == '[' ? ']' : '}');
        else if (c is ')' or ']' or '}')
        {
            if (open.Count == 0) throw JinjaException.Syntax($"unexpected '{c}'", positionOf(start));
            if (open.Pop() is char expected && expected != c) throw JinjaException.Syntax($"unexpected '{c}', expected '{expected}'", positionOf(start));
        }
        Add(TokenKind.Operator, start);
    }
}
