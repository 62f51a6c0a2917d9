using System.Text.RegularExpressions;

namespace Hone.Evaluation.Metrics.Text;

/// <summary>Settings of TER under sacrebleu's names and defaults.</summary>
public sealed record TerSettings
{
    /// <summary>Whether punctuation is set apart.</summary>
    public bool Normalized { get; init; }

    /// <summary>Whether punctuation is removed.</summary>
    public bool NoPunct { get; init; }

    /// <summary>Whether Chinese and Japanese characters are set apart (with <see cref="Normalized"/>).</summary>
    public bool AsianSupport { get; init; }

    public bool CaseSensitive { get; init; }
}

/// <summary>Words as Tercom sees them.</summary>
internal static partial class TerTokenizer
{
    public static string[] Words(string text, TerSettings settings)
    {
        text = text.TrimEnd();
        if (!settings.CaseSensitive) text = text.ToLowerInvariant();
        if (settings.Normalized) text = Western(text);
        if (settings.Normalized && settings.AsianSupport) text = AsianPunctuation().Replace(AsianCharacters().Replace(text, " $0 "), " $0 ");
        if (settings.NoPunct) text = Punctuation().Replace(text, "");
        if (settings.NoPunct && settings.AsianSupport) text = AsianPunctuation().Replace(text, "");
        return text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }

    private static string Western(string text)
    {
        text = text.Replace("\n-", "").Replace('\n', ' ').Replace("&quot;", "\"").Replace("&amp;", "&").Replace("&lt;", "<").Replace("&gt;", ">");
        text = Marks().Replace($" {text} ", " $0 ").Replace("'s ", " 's ");
        text = DotAfterNonDigit().Replace(text, "$1 $2 ");
        text = DotBeforeNonDigit().Replace(text, " $1 $2");
        return DashAfterDigit().Replace(text, "$1 $2 ");
    }

    [GeneratedRegex(@"[\{-\~\[-\` -\&\(-\+\:-\@\/]")]
    private static partial Regex Marks();

    [GeneratedRegex(@"([^0-9])([\.,])")]
    private static partial Regex DotAfterNonDigit();

    [GeneratedRegex(@"([\.,])([^0-9])")]
    private static partial Regex DotBeforeNonDigit();

    [GeneratedRegex(@"([0-9])(-)")]
    private static partial Regex DashAfterDigit();

    [GeneratedRegex("[.,?:;!\"()]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"[\u4e00-\u9fff\u3400-\u4dbf\u31c0-\u31ef\u2e80-\u2eff\u3300-\u33ff\uf900-\ufaff\ufe30-\ufe4f\u3200-\u3f22]")]
    private static partial Regex AsianCharacters();

    [GeneratedRegex(@"[\u3001\u3002\u3008-\u3011\u3014-\u301f\uff61-\uff65\u30fb\uff0e\uff0c\uff1f\uff1a\uff1b\uff01\uff02\uff08\uff09]")]
    private static partial Regex AsianPunctuation();
}
