using System.Globalization;
using System.Text;

namespace Hone.Evaluation.Reports;

/// <summary>Small helpers for writing HTML and SVG by hand.</summary>
internal static class Html
{
    /// <summary>
    /// Text safe in content and in quoted attributes. Characters that HTML forbids (most control characters, lone surrogates)
    /// become U+FFFD, so model output can never break a page.
    /// </summary>
    public static string Escape(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        StringBuilder result = new(text.Length + 16);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            string? entity = c switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", '"' => "&quot;", '\'' => "&#39;", _ => null };
            if (entity is not null) result.Append(entity);
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) result.Append(c).Append(text[++i]);
            else if (char.IsSurrogate(c) || (char.IsControl(c) && c is not ('\n' or '\t')) || c >= '\uFFFE') result.Append('\uFFFD');
            else result.Append(c);
        }
        return result.ToString();
    }

    /// <summary>A coordinate: one decimal place at most.</summary>
    public static string At(double value) => (Math.Round(value * 10) / 10).ToString("0.#", CultureInfo.InvariantCulture);

    /// <summary>A name usable as an anchor.</summary>
    public static string Slug(string text)
    {
        string slug = string.Concat(text.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        while (slug.Contains("--")) slug = slug.Replace("--", "-");
        return slug.Length > 0 ? slug : "section";
    }
}
