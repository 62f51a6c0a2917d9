using Hone.Core;
using Hone.Models.Tokenizers.Patterns;
using Hone.Models.Tokenizers.Subwords;

namespace Hone.Models.Tokenizers;

/// <summary>
/// Tokenizers with a closed vocabulary of whole words, for small models trained from nothing: a few hundred tokens, each
/// with a meaning, and yet any text encodes and decodes back exactly.
/// </summary>
/// <remarks>
/// The form is byte-level BPE without merges and with <c>ignore_merges</c>: text is cut into words (digits one by one), a
/// word that is in the vocabulary is one token, any other is spelt in bytes. A tokenizer.json can say this, so the file loads
/// wherever byte-level BPE does. WordLevel with an unknown token was not chosen because it cannot give text back, and byte
/// fallback was not because SentencePiece-style files only fall back character by character after merging.
/// Each word is there twice, with and without a space before it, since that is how text is cut; a digit is there once,
/// because digits never carry a space.
/// </remarks>
public static class SeedTokenizer
{
    private const string WholeDigitsJson = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";

    private const string PreTokenizerJson = """
        {"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},
         {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}]}
        """;

    private const string DecoderJson = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""";

    private const string StartsJson = """
        {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":" "},
         {"type":"Replace","pattern":{"Regex":"\\n(?=[^\\n])"},"content":"\n "}]}
        """;

    /// <summary>Takes back what <see cref="StartsJson"/> puts in: at the start, after a line end, after a special token.</summary>
    private static string StartsDecoderJson(IEnumerable<AddedToken> special)
    {
        IEnumerable<string> starts = special.Select(t => t.Content).Prepend("\n").Select(JsonString);
        string replaces = string.Concat(starts.Select(s => $$"""{"type":"Replace","pattern":{"String":{{s[..^1]}} "},"content":{{s}}},"""));
        return $$"""{"type":"Sequence","decoders":[{{DecoderJson}},{{replaces}}{"type":"Strip","content":" ","start":1,"stop":0}]}""";
    }

    private static string JsonString(string text) => System.Text.Json.Nodes.JsonValue.Create(text).ToJsonString();

    /// <summary>Default special tokens: question, reasoning, answer, end.</summary>
    public static IReadOnlyList<string> DefaultSpecialTokens { get; } = ["<eos>", "<q>", "<a>", "<ans>"];

    /// <summary>Builds the tokenizer. Ids: special tokens, the 256 bytes in order, then the words as given.</summary>
    /// <param name="words">
    /// Words and operators. A word that starts with a space is added only in that form; others get both forms. A newline or
    /// a single digit is a byte already and may be listed without effect.
    /// </param>
    /// <param name="specialTokens">Found anywhere in the text; <see cref="DefaultSpecialTokens"/> when null.</param>
    /// <param name="eosToken">One of the special tokens, the end of a sequence and the filler; null for none.</param>
    /// <param name="splitDigits">Cut numbers into digits. Otherwise a number is cut like a word, and numbers may be listed as words.</param>
    /// <param name="spacedForms">Add the form with a space before each word; otherwise words are added as they are written.</param>
    /// <param name="linesStartSpaced">
    /// Put a space before each text and each line on the way in, and take it away on the way out. A word then is the same token
    /// wherever it stands, at the start of a line too, and a number's first digit carries its space ("Ġ4", "2"), so that a number
    /// directly follows what it belongs to. With two forms of every name, and a token of its own for the space before a number,
    /// small models did not learn whose number is whose.
    /// </param>
    /// <exception cref="HoneException">A word that text is never cut into, such as one with a space inside.</exception>
    public static Tokenizer Create(
        IEnumerable<string> words, IEnumerable<string>? specialTokens = null, string? eosToken = "<eos>", bool splitDigits = true, bool spacedForms = true,
        bool linesStartSpaced = false)
    {
        List<string> tokens = [.. specialTokens ?? DefaultSpecialTokens];
        if (eosToken is not null && !tokens.Contains(eosToken)) throw new HoneException($"'{eosToken}' is meant to end sequences but is not among the special tokens.");
        List<AddedToken> added = [.. tokens.Select((token, id) => new AddedToken(id, token) { Special = true })];
        HashSet<string> known = new(tokens, StringComparer.Ordinal);
        if (known.Count != tokens.Count) throw new HoneException("a special token is listed twice.");
        foreach (char c in ByteAlphabet.Chars) tokens.Add(c.ToString());
        known.UnionWith(tokens);
        foreach (string form in words.SelectMany(word => Forms(word, splitDigits).Take(spacedForms ? 2 : 1)))
            if (known.Add(form)) tokens.Add(form);
        string[] digits = linesStartSpaced ? [.. Enumerable.Range(0, 10).Select(d => d.ToString(System.Globalization.CultureInfo.InvariantCulture))] : [];
        string space = ByteAlphabet.Encode(" ");
        tokens.AddRange(digits.Select(d => space + d).Where(known.Add));
        BpeModel model = new(new Vocabulary(tokens), [.. digits.Select(d => (space, d))], new BpeOptions { IgnoreMerges = true });
        return new(new TokenizerParts(model, added)
        {
            Source = "seed tokenizer",
            PreTokenizer = TokenizerParts.Json(splitDigits && !linesStartSpaced ? PreTokenizerJson : WholeDigitsJson),
            Normalizer = linesStartSpaced ? TokenizerParts.Json(StartsJson) : default,
            Decoder = TokenizerParts.Json(linesStartSpaced ? StartsDecoderJson(added) : DecoderJson),
            Names = new() { Eos = eosToken, Pad = eosToken },
        });
    }

    private static IEnumerable<string> Forms(string word, bool splitDigits)
    {
        if (word.Length == 0) throw new HoneException("a word of the vocabulary is empty.");
        if (!IsOnePiece(word, splitDigits)) throw new HoneException($"'{word}' cannot be a word of the vocabulary: text is cut inside it.");
        yield return ByteAlphabet.Encode(word);
        // "'s" or a digit never carries a space.
        if (!char.IsWhiteSpace(word[0]) && IsOnePiece(" " + word, splitDigits)) yield return ByteAlphabet.Encode(" " + word);
    }

    private static bool IsOnePiece(string text, bool splitDigits) =>
        (!splitDigits || new DigitScanner(individual: true).Next(text, 0) == text.Length) && new Gpt2Scanner().Next(text, 0) == text.Length;
}
