using System.Globalization;
using System.Text;

namespace Hone.Models.Templates;

/// <summary>Backslash escapes in string literals, as Python's unicode-escape codec reads them.</summary>
internal static class StringLiteral
{
    public static string Unescape(string text, Position position)
    {
        if (!text.Contains('\\')) return text;
        StringBuilder result = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 >= text.Length) result.Append(text[i]);
            else i = AppendEscape(text, i + 1, result, position);
        }
        return result.ToString();
    }

    /// <summary>Appends what the escape at <paramref name="i"/> (after the backslash) means; returns its last index.</summary>
    private static int AppendEscape(string text, int i, StringBuilder result, Position position)
    {
        const string letters = "abfnrtv\\'\"";
        const string meanings = "\a\b\f\n\r\t\v\\'\"";
        char c = text[i];
        int simple = letters.IndexOf(c);
        if (simple >= 0) result.Append(meanings[simple]);
        else if (c == '\n') return i;
        else if (c is 'x' or 'u' or 'U') return AppendHex(text, i, c == 'x' ? 2 : c == 'u' ? 4 : 8, result, position);
        else if (c is >= '0' and <= '7') return AppendOctal(text, i, result);
        else result.Append('\\').Append(c);
        return i;
    }

    private static int AppendHex(string text, int i, int digits, StringBuilder result, Position position)
    {
        if (i + digits >= text.Length || !int.TryParse(text.AsSpan(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int code) || code is < 0 or > 0x10FFFF)
            throw JinjaException.Syntax($"a string has a truncated or invalid \\{text[i]} escape", position);
        if (code <= 0xFFFF) result.Append((char)code);
        else result.Append(char.ConvertFromUtf32(code));
        return i + digits;
    }

    private static int AppendOctal(string text, int i, StringBuilder result)
    {
        int code = 0, end = i;
        while (end < text.Length && end < i + 3 && text[end] is >= '0' and <= '7') code = code * 8 + (text[end++] - '0');
        result.Append((char)code);
        return end - 1;
    }
}
