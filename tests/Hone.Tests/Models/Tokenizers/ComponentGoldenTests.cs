using System.Text.Json;
using Hone.Models.Tokenizers;
using Hone.Models.Tokenizers.Loading;
using Hone.Models.Tokenizers.Normalizers;
using Hone.Models.Tokenizers.PreTokenizers;
using Hone.Models.Tokenizers.Subwords;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;
using TokenDecoder = Hone.Models.Tokenizers.Decoders.Decoder;

namespace Hone.Tests.Models.Tokenizers;

public class ComponentGoldenTests
{
    private static IEnumerable<JsonElement> OfKind(string kind) => Rows("components.jsonl").Where(r => r.GetProperty("kind").GetString() == kind);

    /// <summary>The spec of a row; <c>{"$ref": file#pointer}</c> stands for a long one.</summary>
    private static JsonSpec SpecOf(JsonElement row)
    {
        JsonElement spec = row.GetProperty("spec");
        if (spec.TryGetProperty("$ref", out JsonElement reference))
        {
            string[] parts = reference.GetString()!.Split('#');
            spec = JsonDocument.Parse(File.ReadAllBytes(GoldenFile(parts[0]))).RootElement;
            foreach (string name in parts[1].Split('/', StringSplitOptions.RemoveEmptyEntries)) spec = spec.GetProperty(name);
        }
        return new(spec, "spec");
    }

    private static Tokenizer TokenizerOf(JsonElement element) =>
        Tokenizer.FromJson(System.Text.Encoding.UTF8.GetBytes(element.GetRawText()));

    [Fact]
    public void Normalizers() => AllEqual(OfKind("normalizer").SelectMany(row =>
    {
        Normalizer normalizer = Normalizer.Read(SpecOf(row))!;
        return row.GetProperty("cases").EnumerateArray().Select(c => (
            $"{row.GetProperty("spec")} {c[0]}", c[1].GetString()!, normalizer.Apply(c[0].GetString()!)));
    }));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pre_tokenizers(bool tracked) => AllEqual(OfKind("pre_tokenizer").SelectMany(row =>
    {
        PreTokenizer preTokenizer = PreTokenizer.Read(SpecOf(row))!;
        return row.GetProperty("cases").EnumerateArray().Where(_ => tracked || !preTokenizer.Steps.Any(s => s is MetaspacePreTokenizer { NeedsOrigin: true })).Select(c => (
            $"{row.GetProperty("spec")} {c[0]}",
            string.Join(' ', c[1].EnumerateArray().Select(p => tracked ? $"{p[0]}@{p[1]}-{p[2]}" : p[0].GetString())),
            Pieces(preTokenizer, c[0].GetString()!, tracked)));
    }));

    private static string Pieces(PreTokenizer preTokenizer, string text, bool tracked)
    {
        PreTokenizedText result = new(AlignedText.From(text, tracked));
        preTokenizer.Split(result);
        int CodePoint(int index) => text.AsSpan(0, index).ToString().EnumerateRunes().Count();
        return string.Join(' ', result.Pieces.Select(p =>
        {
            (int start, int end) = p.Text.OriginalRange(0, p.Text.Length);
            return tracked ? $"{p.Text.Span}@{CodePoint(start)}-{CodePoint(end)}" : p.Text.Span.ToString();
        }));
    }

    [Fact]
    public void Decoders() => AllEqual(OfKind("decoder").SelectMany(row =>
    {
        TokenDecoder? decoder = row.GetProperty("spec").ValueKind == JsonValueKind.Null ? null : TokenDecoder.Read(SpecOf(row));
        return row.GetProperty("cases").EnumerateArray().Select(c => (
            $"{row.GetProperty("spec")} {c[0]}", c[1].GetString()!,
            Decode(decoder, [.. c[0].EnumerateArray().Select(t => t.GetString()!)])));
    }));

    private static string Decode(TokenDecoder? decoder, List<string> tokens)
    {
        if (decoder is not null) return string.Concat(decoder.Apply(tokens));
        // Without a decoder the tokenizer itself joins the tokens.
        string[] vocabulary = [.. tokens.Distinct()];
        Tokenizer tokenizer = new(new(new WordLevelModel(new Vocabulary(vocabulary), null), []));
        return tokenizer.Decode([.. tokens.Select(t => tokenizer.IdOf(t)!.Value)]);
    }

    [Fact]
    public void Post_processors() => AllEqual(OfKind("post_processor").SelectMany(row =>
    {
        Tokenizer tokenizer = TokenizerOf(row.GetProperty("tokenizer"));
        string spec = row.GetProperty("tokenizer").GetProperty("post_processor").GetRawText();
        return row.GetProperty("cases").EnumerateArray().Select(c =>
        {
            EncodeOptions options = new() { AddSpecialTokens = c.GetProperty("add_special_tokens").GetBoolean() };
            string text = c.GetProperty("a").GetString()!;
            string? pair = c.GetProperty("b").GetString();
            TokenEncoding encoding = tokenizer.EncodeDetailed(text, pair, options);
            if (pair is null) Assert.Equal(encoding.Ids, tokenizer.Encode(text, options.AddSpecialTokens));
            return ($"{spec} '{text}' '{pair}'", PairGoldenTests.Expected(c), PairGoldenTests.Actual(encoding, c));
        });
    }));

    [Fact]
    public void Models() => AllEqual(OfKind("model").SelectMany(row =>
    {
        SubwordModel model = SubwordModel.Read(new(row.GetProperty("model"), "model"));
        return row.GetProperty("cases").EnumerateArray().SelectMany(c =>
        {
            string text = c[0].GetString()!, where = $"{row.GetProperty("name")} {c[0]}";
            TokenList detailed = new(withRanges: true), plain = new(withRanges: false);
            if (text.Length > 0) model.Tokenize(text, detailed);
            if (text.Length > 0) model.Tokenize(text, plain);
            return new[]
            {
                (where, Show(Ints(c[1])) + " at " + ShowRanges(c[2]), Show(detailed.Ids) + " at " + Show(detailed.Ranges.Select(r => InCodePoints(text, r.Start, r.End)))),
                ("ids " + where, Show(Ints(c[1])), Show(plain.Ids)),
            };
        });
    }));

    private static (int Start, int End) InCodePoints(string text, int start, int end) =>
        (text[..start].EnumerateRunes().Count(), text[..end].EnumerateRunes().Count());

    [Fact]
    public void Added_tokens() => AllEqual(OfKind("added_tokens").SelectMany(row =>
    {
        Tokenizer tokenizer = TokenizerOf(row.GetProperty("tokenizer"));
        IEnumerable<(string, string, string)> Compare(string list, bool asText) => row.GetProperty(list).EnumerateArray().Select(c =>
        {
            string text = c[0].GetString()!;
            TokenEncoding encoding = tokenizer.EncodeDetailed(text, null, new() { SpecialTokensAsText = asText });
            List<int> ids = [];
            tokenizer.EncodePlain(text, ids, asText);
            Assert.Equal(encoding.Ids, ids);
            bool hasOffsets = c.GetArrayLength() > 2;
            return ($"{row.GetProperty("name")} {list} {c[0]}", Show(Ints(c[1])) + (hasOffsets ? " at " + ShowRanges(c[2]) : ""),
                Show(encoding.Ids) + (hasOffsets ? " at " + Show(encoding.Offsets) : ""));
        });
        return Compare("cases", false).Concat(Compare("cases_encode_special_tokens", true));
    }));

    [Fact]
    public void Clean_up_of_spaces() => AllEqual(OfKind("clean_up_tokenization_spaces").Select(row => (
        row.GetProperty("in").GetString()!, row.GetProperty("out").GetString()!, Tokenizer.CleanUp(row.GetProperty("in").GetString()!))));
}
