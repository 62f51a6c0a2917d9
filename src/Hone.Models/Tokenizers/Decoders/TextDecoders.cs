using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Patterns;

namespace Hone.Models.Tokenizers.Decoders;

/// <summary>Joins everything into one string.</summary>
internal sealed class FuseDecoder : Decoder
{
    public override List<string> Apply(List<string> tokens) => [string.Concat(tokens)];
}

/// <summary>Removes up to so many of a character from the start and the end of each string.</summary>
internal sealed class StripDecoder(char content, int start, int stop) : Decoder
{
    public static new StripDecoder Read(JsonSpec spec)
    {
        string content = spec.Text("content");
        if (content.Length != 1) throw spec.Get("content").Wrong("one character");
        return new(content[0], spec.Int("start"), spec.Int("stop"));
    }

    public override List<string> Apply(List<string> tokens) => tokens.ConvertAll(Strip);

    private string Strip(string token)
    {
        int from = 0, to = token.Length;
        while (from < start && from < token.Length && token[from] == content) from++;
        while (token.Length - to < stop && to > 0 && token[to - 1] == content) to--;
        return from < to ? token[from..to] : "";
    }
}

/// <summary>Replaces what a pattern matches in each string.</summary>
internal sealed class ReplaceDecoder(TextPattern pattern, string content) : Decoder
{
    /// <summary>Guards against rules that multiply text. A fused text counts as one token.</summary>
    private const int LongestToken = 1 << 24;

    public override List<string> Apply(List<string> tokens) => tokens.ConvertAll(PieceOf);

    public override string PieceOf(string token)
    {
        List<Segment> segments = pattern.Find(token);
        if (token.Length + (long)segments.Count * content.Length > LongestToken) throw new Core.HoneException($"the tokenizer's decoder makes one token longer than {LongestToken} characters.");
        return segments.Exists(s => s.IsMatch)
            ? string.Concat(segments.Select(s => s.IsMatch ? content : token[s.Start..s.End]))
            : token;
    }
}

/// <summary>The visible space back to a space; in the first token it vanishes where one was put in front.</summary>
internal sealed class MetaspaceDecoder(string replacement, bool prepends) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        List<string> result = tokens.ConvertAll(PieceOf);
        if (result.Count > 0 && prepends) result[0] = tokens[0].Replace(replacement, "", StringComparison.Ordinal);
        return result;
    }

    public override string PieceOf(string token) => token.Replace(replacement, " ", StringComparison.Ordinal);
}

/// <summary>Joins continuations, puts spaces between words and, if asked, takes some back before punctuation.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleanup) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        List<string> result = tokens.ConvertAll(PieceOf);
        if (result.Count > 0) result[0] = cleanup ? CleanUp.WordPiece(tokens[0]) : tokens[0];
        return result;
    }

    public override string PieceOf(string token)
    {
        string text = token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        return cleanup ? CleanUp.WordPiece(text) : text;
    }
}

/// <summary>The mark of a word's end back to a space, except in the last token.</summary>
internal sealed class SuffixDecoder(string suffix) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        List<string> result = tokens.ConvertAll(PieceOf);
        if (result.Count > 0 && suffix.Length > 0) result[^1] = tokens[^1].Replace(suffix, "", StringComparison.Ordinal);
        return result;
    }

    public override string PieceOf(string token) => suffix.Length == 0 ? token : token.Replace(suffix, " ", StringComparison.Ordinal);
}

/// <summary>Output of a CTC model (Graves et al. 2006): repeats are one, blanks vanish, a delimiter is a space.</summary>
internal sealed class CtcDecoder(string pad, string delimiter, bool cleanup) : Decoder
{
    public override List<string> Apply(List<string> tokens)
    {
        List<string> result = [];
        for (int i = 0; i < tokens.Count; i++)
            if ((i == 0 || tokens[i] != tokens[i - 1]) && PieceOf(tokens[i]) is { Length: > 0 } text) result.Add(text);
        return result;
    }

    public override string PieceOf(string token)
    {
        string text = pad.Length == 0 ? token : token.Replace(pad, "", StringComparison.Ordinal);
        if (!cleanup) return text;
        text = CleanUp.WordPiece(text);
        return delimiter.Length == 0 ? text : text.Replace(delimiter, " ", StringComparison.Ordinal);
    }
}

/// <summary>Taking back spaces before punctuation, as decoders of English do. Two lists are in use.</summary>
internal static class CleanUp
{
    private static readonly (string From, string To)[] Pieces =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private static readonly (string From, string To)[] Texts =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" 's", "'s"), (" 've", "'ve"),
        (" 're", "'re"),
    ];

    /// <summary>The list of the WordPiece decoder, applied to each token.</summary>
    public static string WordPiece(string text) => Apply(text, Pieces);

    /// <summary>The list behind <c>clean_up_tokenization_spaces</c> of tokenizer_config.json, applied to a whole text.</summary>
    public static string TokenizationSpaces(string text) => Apply(text, Texts);

    private static string Apply(string text, (string From, string To)[] list)
    {
        foreach ((string from, string to) in list) text = text.Replace(from, to, StringComparison.Ordinal);
        return text;
    }
}
