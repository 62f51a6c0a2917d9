using System.Text.Json;
using Hone.Core;
using Hone.Models.Tokenizers.Patterns;

namespace Hone.Models.Tokenizers.Loading;

/// <summary>
/// What the names in <c>tokenizer.ggml.pre</c> stand for: the expressions text is split at, one after the other, before
/// byte-level BPE.
/// </summary>
internal static class GgufPreTokenizers
{
    private const string Gpt4O =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Tekken =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string DeepSeek3 =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private const string Bloom = @" ?[^(\s|.,!?…。，、।۔،)]+";

    /// <summary>A step that is not an expression: digits one by one.</summary>
    private const string Digits = "(digits)";

    private static readonly Dictionary<string, string[]> ByName = Build();

    /// <summary>Known names, in the order in which writing prefers them.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>Whether the name means that words of the vocabulary are taken whole.</summary>
    public static bool IgnoresMerges(string name) => ByName[Require(name)] is [Cl100KScanner.ThreeDigits] or [Tekken];

    /// <summary>The pre-tokenizer as it stands in a tokenizer.json.</summary>
    /// <exception cref="HoneException">An unknown name.</exception>
    public static JsonElement Spec(string name)
    {
        string[] steps = ByName[Require(name)];
        bool gpt2Last = steps[^1] == Gpt2Scanner.Pattern;
        IEnumerable<object> items = (gpt2Last ? steps[..^1] : steps).Select(Step);
        object last = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = gpt2Last };
        object[] all = [.. items, last];
        return JsonSerializer.SerializeToElement(all.Length == 1 ? last : new { type = "Sequence", pretokenizers = all });
    }

    /// <summary>The names whose meaning is that of a pre-tokenizer, preferred ones first; none when GGUF has no name for it.</summary>
    public static IEnumerable<string> NamesOf(JsonElement preTokenizer)
    {
        string wanted = Meaning(preTokenizer);
        return Names.Where(name => Meaning(Spec(name)) == wanted);
    }

    /// <summary>Whether the name also means Unicode composition (NFC) beforehand.</summary>
    public static bool Composes(string name) => name == "qwen2";

    /// <summary>
    /// The nearest name for a vocabulary of whole words without merges, where <see cref="NamesOf"/> has none that takes words whole:
    /// it cuts digits one by one and words at spaces, but leaves a punctuation mark on the word behind it.
    /// </summary>
    public const string WholeWords = "tekken";

    private static object Step(string step) => step == Digits
        ? new { type = "Digits", individual_digits = true }
        : new { type = "Split", pattern = new { Regex = step }, behavior = "Isolated", invert = false };

    /// <summary>The steps without what makes no difference: how a sequence is nested, and trim_offsets.</summary>
    private static string Meaning(JsonElement spec)
    {
        if (spec.ValueKind != JsonValueKind.Object) return "";
        return spec.GetProperty("type").GetString() switch
        {
            "Sequence" => string.Concat(spec.GetProperty("pretokenizers").EnumerateArray().Select(Meaning)),
            "ByteLevel" => $"bytes {spec.GetProperty("add_prefix_space")} {(spec.TryGetProperty("use_regex", out JsonElement regex) ? regex : true)};",
            "Split" when spec.GetProperty("pattern").TryGetProperty("Regex", out JsonElement regex) => $"split {regex};",
            _ => JsonSerializer.Serialize(spec) + ";", // whatever white space the file has
        };
    }

    private static string Require(string name) => ByName.ContainsKey(name) ? name : throw HoneException.Unknown("pre-tokenizer of GGUF", name, Names);

    private static Dictionary<string, string[]> Build()
    {
        Dictionary<string, string[]> names = new(StringComparer.Ordinal);
        void Add(string[] steps, params string[] all)
        {
            foreach (string name in all) names[name] = steps;
        }
        Add([Gpt2Scanner.Pattern], "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v2-code", "mpt", "olmo", "gigachat", "roberta-bpe", "modern-bert", "a.x-4.0");
        Add([Digits, Gpt2Scanner.Pattern], "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b");
        Add([Cl100KScanner.ThreeDigits], "llama-bpe", "llama3", "llama-v3", "falcon3", "dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "pixtral");
        Add([Cl100KScanner.OneDigit], "qwen2", "stablelm2", "deepseek-r1-qwen", "hunyuan", "megrez", "solar-open");
        Add([Gpt4O], "gpt-4o", "llama4");
        Add([Tekken], "tekken");
        Add([@"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+", DeepSeek3], "deepseek-v3");
        Add([Bloom], "bloom", "poro-chat", "gpt3-finnish");
        Add([@"[\p{P}\$\+<=>\^~\|`]+", Gpt2Scanner.Pattern, "[0-9][0-9][0-9]"], "falcon");
        Add([@"[\p{P}\$\+<=>\^~\|]+", Gpt2Scanner.Pattern, @"\p{N}+", "[0-9][0-9][0-9]"], "default");
        return names;
    }
}
