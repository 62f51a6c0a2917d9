using System.Text;
using System.Text.Json;
using Hone.Models.Tokenizers;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;

namespace Hone.Tests.Models.Tokenizers;

public class EncodeGoldenTests
{
    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Ids_of_every_text(string name)
    {
        Tokenizer tokenizer = Get(name);
        AllEqual(Rows("encode.jsonl").Select(row => (
            $"{row.GetProperty("id")} {row.GetProperty("category")}",
            Normal(row.GetProperty("ids").GetProperty(name)),
            Describe(tokenizer.Encode(TextOf(row), addSpecialTokens: false), row.GetProperty("ids").GetProperty(name)))));
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Offsets_tokens_words_and_masks(string name)
    {
        Tokenizer tokenizer = Get(name);
        AllEqual(Rows("encode-detail.jsonl", name).Select(row =>
        {
            EncodeOptions options = new() { AddSpecialTokens = row.GetProperty("add_special_tokens").GetBoolean() };
            TokenEncoding encoding = tokenizer.EncodeDetailed(row.GetProperty("text").GetString()!, null, options);
            return (row.GetProperty("text").GetRawText(), Detail(row), Detail(encoding));
        }));
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Special_tokens_in_the_text(string name)
    {
        Tokenizer tokenizer = Get(name);
        AllEqual(Rows("special.jsonl", name).SelectMany(row =>
        {
            string text = row.GetProperty("text").GetString()!, where = row.GetProperty("text").GetRawText();
            JsonElement plain = row.GetProperty("ids");
            JsonElement asText = row.TryGetProperty("ids_encode_special_tokens", out JsonElement e) ? e : plain;
            JsonElement added = row.TryGetProperty("ids_add_special_tokens", out JsonElement a) ? a : plain;
            EncodeOptions splitting = new() { AddSpecialTokens = false, SpecialTokensAsText = true };
            List<int> quick = [];
            tokenizer.EncodePlain(text, quick, specialTokensAsText: true);
            return new[]
            {
                ("plain " + where, Show(Ints(plain)), Show(tokenizer.Encode(text, addSpecialTokens: false))),
                ("as text " + where, Show(Ints(asText)), Show(tokenizer.EncodeDetailed(text, null, splitting).Ids)),
                ("as text, ids only " + where, Show(Ints(asText)), Show(quick)),
                ("added " + where, Show(Ints(added)), Show(tokenizer.Encode(text))),
                ("added, in detail " + where, Show(Ints(added)), Show(tokenizer.EncodeDetailed(text).Ids)),
            };
        }));
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Long_mixed_text(string name)
    {
        Tokenizer tokenizer = Get(name);
        string text = Encoding.UTF8.GetString(File.ReadAllBytes(GoldenFile("corpus.txt")));
        JsonElement row = Rows("corpus.jsonl").Skip(1).First(r => r.GetProperty("tokenizer").GetString() == name);
        int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
        List<(string, string, string)> comparisons = [];
        int part = 0;
        foreach (JsonElement expected in row.GetProperty("parts").EnumerateArray())
        {
            int[] partIds = tokenizer.Encode(Lines(text, 100 * part++, 100), addSpecialTokens: false);
            comparisons.Add(($"part {part}", $"{expected[0]} {expected[1]}", $"{partIds.Length} {Hash(partIds)[..16]}"));
        }
        comparisons.Add(("whole", $"{row.GetProperty("count")} {row.GetProperty("sha256")}", $"{ids.Length} {Hash(ids)}"));
        string decoded = tokenizer.Decode(ids, skipSpecialTokens: false);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(decoded)));
        comparisons.Add(("decoded", row.GetProperty("decode_sha256").GetString()!, hash));
        comparisons.Add(("decoded equals text", row.GetProperty("decode_equals_text").GetRawText(), decoded == text ? "true" : "false"));
        AllEqual(comparisons);
    }

    private static string Lines(string text, int first, int count) =>
        string.Concat(text.Split('\n').Select((line, i) => (line, i)).Where(x => x.i >= first && x.i < first + count)
            .Select(x => x.i == text.Count(c => c == '\n') ? x.line : x.line + "\n"));

    private static string TextOf(JsonElement row)
    {
        if (!row.TryGetProperty("repeat", out JsonElement repeat)) return row.GetProperty("text").GetString()!;
        return new StringBuilder().Insert(0, repeat.GetProperty("unit").GetString()!, repeat.GetProperty("count").GetInt32()).ToString();
    }

    private static string Normal(JsonElement expected) => expected.ValueKind == JsonValueKind.Array
        ? Show(Ints(expected))
        : $"{expected.GetProperty("count")} {expected.GetProperty("sha256")}";

    private static string Describe(int[] ids, JsonElement expected) =>
        expected.ValueKind == JsonValueKind.Array ? Show(ids) : $"{ids.Length} {Hash(ids)}";

    private static string Detail(JsonElement row) => string.Join(" | ",
        Show(Ints(row.GetProperty("ids"))),
        string.Join(' ', row.GetProperty("tokens").EnumerateArray().Select(t => t.GetString())),
        ShowRanges(row.GetProperty("offsets")),
        Show(Ints(row.GetProperty("type_ids"))),
        Show(Ints(row.GetProperty("special_tokens_mask"))),
        string.Join(' ', row.GetProperty("word_ids").EnumerateArray().Select(w => w.GetRawText())));

    private static string Detail(TokenEncoding encoding) => string.Join(" | ",
        Show(encoding.Ids),
        string.Join(' ', encoding.Tokens),
        Show(encoding.Offsets),
        Show(encoding.TypeIds),
        Show(encoding.SpecialTokensMask),
        string.Join(' ', encoding.WordIds.Select(w => w?.ToString() ?? "null")));
}
