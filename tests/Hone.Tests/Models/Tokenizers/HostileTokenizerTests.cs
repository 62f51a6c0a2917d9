using System.Text;
using Hone.Core;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Models.Tokenizers;

public class HostileTokenizerTests
{
    private static string Json(string model, string more = "") => $$"""{"added_tokens":[],{{more}}"model":{{model}}}""";

    private const string WordLevel = """{"type":"WordLevel","vocab":{"a":0},"unk_token":"a"}""";

    public static TheoryData<string, string> Malformed => new()
    {
        { "{", "t.json: not valid JSON at line 1, column 2." },
        { "[]", "t.json: $: expected an object, found a list." },
        { "{}", "t.json: $.model: is missing; this is not a tokenizer.json." },
        { Json("7"), "t.json: $.model: expected an object, found 7." },
        { Json("""{"type":"Magic"}"""), "t.json: $.model: 'Magic' is not a known tokenizer model. Known: BPE, Unigram, WordLevel, WordPiece." },
        { Json("""{"type":"WordLevel","vocab":{"a":-1}}"""), "t.json: $.model.vocab: the id of 'a' should be a whole number, found -1." },
        { Json("""{"type":"WordLevel","vocab":{"a":2000000000}}"""), "t.json: $.model.vocab: an id of 2000000000 among 1 tokens." },
        { Json("""{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}"""), "t.json: $.model.merges[0]: the token 'ab' is not in the vocabulary." },
        { Json("""{"type":"BPE","vocab":{"a":0},"merges":["ab"]}"""), "t.json: $.model.merges[0]: expected two tokens with one space between them, found \"ab\"." },
        { Json("""{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}"""), "t.json: $.model.merges[0]: expected two tokens, found a list." },
        { Json("""{"type":"Unigram","vocab":[["a"]],"unk_id":0}"""), "t.json: $.model.vocab[0]: expected [piece, score], found a list." },
        { Json("""{"type":"Unigram","vocab":[["a",0]],"unk_id":3}"""), "t.json: $.model.unk_id: id 3 among 1 pieces." },
        { Json(WordLevel, """ "normalizer":{"type":"NFX"},"""), "t.json: $.normalizer: 'NFX' is not a known normalizer. Known: BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, Sequence, Strip, StripAccents. Did you mean 'NFC'?" },
        { Json(WordLevel, """ "normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},"""), "t.json: $.normalizer.precompiled_charsmap: the character map is cut short." },
        { Json(WordLevel, """ "pre_tokenizer":{"type":"Split","pattern":{"Regex":"a("},"behavior":"Isolated","invert":false},"""), "t.json: $.pre_tokenizer.pattern.Regex: pattern 'a(': a group that is not closed at character 3." },
        { Json(WordLevel, """ "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits"},{"type":"Metaspace","replacement":"xy"}]},"""), "t.json: $.pre_tokenizer.pretokenizers[1].replacement: expected one character, found \"xy\"." },
        { Json(WordLevel, """ "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"z","type_id":0}}],"pair":[],"special_tokens":{}},"""), "t.json: $.post_processor.single[0].SpecialToken.id: 'z' is not among the special_tokens of this template." },
        { Json(WordLevel, """ "truncation":{"max_length":-1},"""), "t.json: $.truncation.max_length: expected a whole number of at least 0, found -1." },
        { """{"added_tokens":[{"id":1999999999,"content":"x"}],"model":{"type":"WordLevel","vocab":{"a":0}}}""", "t.json: $.added_tokens[0].id: an id of 1999999999 in a vocabulary of 1." },
        { Json("""{"type":"WordLevel","vocab":{"a":0},"unk_token":"\ud800"}"""), "t.json: $.model.unk_token: the string holds half of a surrogate pair." },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Malformed_files_name_the_place(string json, string expected)
    {
        HoneException error = Assert.Throws<HoneException>(() => Tokenizer.FromJson(Encoding.UTF8.GetBytes(json), "t.json"));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public void Deep_nesting_is_refused()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"type":"Sequence","normalizers":[""", 5000)) + string.Concat(Enumerable.Repeat("]}", 5000));
        Assert.Throws<HoneException>(() => Tokenizer.FromJson(Encoding.UTF8.GetBytes(Json(WordLevel, $"\"normalizer\":{deep},"))));
    }

    /// <summary>Bytes changed at random: either a tokenizer that works, or an error that can be mended.</summary>
    [Fact]
    public void Mutated_files_never_crash()
    {
        int rounds = int.TryParse(Environment.GetEnvironmentVariable("HONE_FUZZ"), out int count) ? count : 400;
        RandomStream random = new(7, "mutations");
        foreach (byte[] original in Samples())
        {
            for (int round = 0; round < rounds; round++)
            {
                byte[] mutated = Mutate(original, random);
                try
                {
                    Exercise(Tokenizer.FromJson(mutated, "t.json"));
                }
                catch (HoneException)
                {
                    // An error of the user's file is what may happen.
                }
                catch (Exception bug)
                {
                    Assert.Fail($"round {round}: {bug}\n{Encoding.UTF8.GetString(mutated)}");
                }
            }
        }
    }

    private static void Exercise(Tokenizer tokenizer)
    {
        foreach (string text in (string[])["Ann has 12 cups.<q>", "naïve 日本 🎉\n\n", ""])
        {
            int[] ids = tokenizer.Encode(text);
            tokenizer.EncodeDetailed(text, text, new() { Truncation = new(6, 1), Padding = tokenizer.FilePadding });
            tokenizer.Decode(ids);
            foreach (int id in ids) tokenizer.BytesOf(id);
        }
    }

    private static byte[] Mutate(byte[] original, RandomStream random)
    {
        List<byte> bytes = [.. original];
        for (int changes = 1 + random.Next(4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(1 + random.Next(30), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count / 2), random.Next(40)));
                    break;
                case 3:
                    bytes[at] = (byte)"0123456789\"{}[]:,\\-"[random.Next(19)];
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(new[] { "null", "-1", "1e999", "99999999", "{}", "[]", "true", "\"\"", "\\ud800" }[random.Next(9)]));
                    break;
            }
            if (bytes.Count < 2) bytes = [.. original];
        }
        return [.. bytes];
    }

    private static IEnumerable<byte[]> Samples()
    {
        string everything = """
            {"version":"1.0","truncation":{"max_length":8,"strategy":"LongestFirst","stride":0,"direction":"Left"},
            "padding":{"strategy":{"Fixed":4},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"<q>"},
            "added_tokens":[{"id":0,"content":"<q>","special":true,"lstrip":true,"normalized":false},{"id":9,"content":"Ann","normalized":true}],
            "normalizer":{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Lowercase"},{"type":"StripAccents"},{"type":"Replace","pattern":{"Regex":"a{1,3}(b|c)*?"},"content":"x"},{"type":"Prepend","prepend":"_"}]},
            "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\s+(?!\\S)|[^\\s\\p{L}]+"},"behavior":"MergedWithNext","invert":false},{"type":"Metaspace","replacement":"_","prepend_scheme":"first","split":true}]},
            "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"s","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"s":{"id":"s","ids":[1],"tokens":["s"]}}},
            "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"_"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]},
            "model":
            """;
        yield return Encoding.UTF8.GetBytes(everything + """{"type":"BPE","unk_token":"u","fuse_unk":true,"byte_fallback":true,"vocab":{"u":0,"a":1,"b":2,"ab":3,"_":4,"_a":5,"<0xE2>":6},"merges":["a b","_ a"]}}""");
        yield return Encoding.UTF8.GetBytes(everything + """{"type":"Unigram","unk_id":0,"vocab":[["u",0],["a",-1.5],["ab",-2],["_",-1]],"byte_fallback":true}}""");
        yield return Encoding.UTF8.GetBytes(everything + """{"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##","max_input_chars_per_word":9,"vocab":{"u":0,"a":1,"##b":2}}}""");
        string folder = Directory.CreateTempSubdirectory("hone-seed").FullName;
        SeedTokenizer.Create(["Ann", "has"]).Save(Path.Combine(folder, "tokenizer.json"));
        yield return File.ReadAllBytes(Path.Combine(folder, "tokenizer.json"));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Rules_that_multiply_text_are_stopped()
    {
        string doubling = """{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""";
        string chain = string.Join(',', Enumerable.Repeat(doubling, 40));
        Tokenizer encoding = Tokenizer.FromJson(Encoding.UTF8.GetBytes(Json(WordLevel, $$""" "normalizer":{"type":"Sequence","normalizers":[{{chain}}]},""")));
        Assert.Contains("makes a text of 1 characters longer than", Assert.Throws<HoneException>(() => encoding.Encode("a")).Message);
        Tokenizer decoding = Tokenizer.FromJson(Encoding.UTF8.GetBytes(Json(WordLevel, $$""" "decoder":{"type":"Sequence","decoders":[{{chain}}]},""")));
        Assert.Contains("makes one token longer than", Assert.Throws<HoneException>(() => decoding.Decode([0])).Message);
    }

    [Fact]
    public void Patterns_that_backtrack_without_end_are_reported()
    {
        string json = Json(WordLevel, """ "pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a|a)*b"},"behavior":"Isolated","invert":false},""");
        Tokenizer tokenizer = Tokenizer.FromJson(Encoding.UTF8.GetBytes(json));
        HoneException error = Assert.Throws<HoneException>(() => tokenizer.Encode(new string('a', 5000)));
        Assert.Equal("pattern '(a|a)*b' takes too long on a text of 5000 characters.", error.Message);
    }

    /// <summary>Work per character must not grow with the length: allocation and calls of a long text stay in proportion.</summary>
    [Theory]
    [InlineData("a")]
    [InlineData(" ")]
    [InlineData("1")]
    [InlineData("<")]
    [InlineData("\u0301")]
    [InlineData("日")]
    public void A_megabyte_of_one_character_takes_no_longer_per_character(string unit)
    {
        Tokenizer tokenizer = Training();
        TimeSpan small = Time(tokenizer, string.Concat(Enumerable.Repeat(unit, 20_000))), large = Time(tokenizer, string.Concat(Enumerable.Repeat(unit, 1_000_000)));
        // 50 times the text; n log n gives 67 times, a quadratic method 2500 times. Half a second is forgiven to the machine.
        Assert.True(large < 300 * small + TimeSpan.FromSeconds(2), $"{small} and then {large}");
    }

    private static Tokenizer Training() => Hone.Models.Tokenizers.Training.BpeTrainer.Train(
        ["aaaa aaaaaaaa      <<<<<< 1111 日日日日", new string('a', 64), new string(' ', 64)],
        Hone.Models.Tokenizers.Training.BpeTrainerOptions.ByteLevel(300, ["<eos>"]));

    private static TimeSpan Time(Tokenizer tokenizer, string text)
    {
        System.Diagnostics.Stopwatch watch = System.Diagnostics.Stopwatch.StartNew();
        int[] ids = tokenizer.Encode(text);
        watch.Stop();
        Assert.Equal(text, tokenizer.Decode(ids));
        return watch.Elapsed;
    }
}
