using System.Text.Json;
using Hone.Models.Formats;
using Hone.Models.Tokenizers;
using Hone.Models.Tokenizers.Subwords;
using static Hone.Tests.Models.Tokenizers.GoldenTokenizers;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>The same tokenizer from another format gives the same ids.</summary>
public class OtherFormatTests
{
    private static Tokenizer FromGguf()
    {
        using GgufFile file = new(SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"));
        return Tokenizer.FromGguf(file.Metadata);
    }

    [Fact]
    public void Gguf_of_SmolLM2_gives_the_ids_of_its_tokenizer_json()
    {
        Tokenizer gguf = FromGguf();
        AllEqual(Rows("encode.jsonl").Where(r => r.TryGetProperty("text", out _)).Select(row => (
            row.GetProperty("id").GetString()!,
            Show(Get("smollm2").Encode(row.GetProperty("text").GetString()!)),
            Show(gguf.Encode(row.GetProperty("text").GetString()!)))));
        AllEqual(Rows("special.jsonl", "smollm2").Select(row => (
            row.GetProperty("text").GetString()!, Show(Ints(row.GetProperty("ids"))), Show(gguf.Encode(row.GetProperty("text").GetString()!)))));
        AllEqual(Rows("decode.jsonl", "smollm2").Select(row => (
            row.GetProperty("ids").GetRawText(), row.GetProperty("skip").GetString()!, gguf.Decode(Ints(row.GetProperty("ids"))))));
    }

    [Fact]
    public void Gguf_names_special_tokens_and_the_template()
    {
        Tokenizer gguf = FromGguf();
        Assert.Equal((1, 2, 2, 0), (gguf.BosId, gguf.EosId, gguf.PadId, gguf.UnkId));
        Assert.False(gguf.Names.AddBos);
        Assert.StartsWith("{% for message in messages %}", gguf.ChatTemplate);
        Assert.Equal(49152, gguf.VocabularySize);
    }

    [Fact]
    public void Llama2c_gives_the_ids_of_its_tokenizer_json()
    {
        Tokenizer llama2c = Tokenizer.FromLlama2c(Llama2cTokenizer.Read(SharedData.Require("models/stories260K/tok512.bin")));
        AllEqual(Rows("encode.jsonl").Where(r => r.TryGetProperty("text", out _)).Select(row => (
            row.GetProperty("id").GetString()!,
            Show(Get("stories260k").Encode(row.GetProperty("text").GetString()!, addSpecialTokens: false)),
            Show(llama2c.Encode(row.GetProperty("text").GetString()!, addSpecialTokens: false)))));
        Assert.Equal(1, llama2c.Encode("Once")[0]);
        Assert.Equal(((BpeModel)Get("stories260k").Model).Merges, ((BpeModel)llama2c.Model).Merges);
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Saved_and_loaded_again_everything_is_the_same(string name)
    {
        string folder = Directory.CreateTempSubdirectory("hone-tokenizer").FullName, path = Path.Combine(folder, "tokenizer.json");
        try
        {
            Tokenizer before = Get(name);
            before.Save(path);
            Tokenizer after = Tokenizer.FromJsonFile(path);
            Assert.Equal(before.VocabularySize, after.VocabularySize);
            AllEqual(Rows("encode-detail.jsonl", name).Select(row =>
            {
                string text = row.GetProperty("text").GetString()!;
                TokenEncoding a = before.EncodeDetailed(text, "pair " + text), b = after.EncodeDetailed(text, "pair " + text);
                return (text, Show(a.Ids) + Show(a.Offsets) + before.Decode([.. a.Ids]), Show(b.Ids) + Show(b.Offsets) + after.Decode([.. b.Ids]));
            }));
            // Component by component the file says what the original says, with merges as pairs.
            JsonElement was = JsonDocument.Parse(File.ReadAllBytes(PathOf(name))).RootElement, now = JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
            foreach (string part in (string[])["normalizer", "pre_tokenizer", "post_processor", "decoder", "truncation", "padding"])
                Assert.True(JsonElement.DeepEquals(was.GetProperty(part), now.GetProperty(part)), part);
            Assert.True(JsonElement.DeepEquals(was.GetProperty("model").GetProperty("vocab"), now.GetProperty("model").GetProperty("vocab")), "vocab");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("qwen3", "gpt2", "qwen2", false)]
    [InlineData("smollm2", "gpt2", "smollm", false)]
    [InlineData("mistral-v3", "llama", null, false)]
    [InlineData("stories260k", "llama", null, false)]
    [InlineData("minilm", "bert", null, true)]
    [InlineData("use-lite-unigram", "t5", null, true)]
    [InlineData("t5-style-unigram", "t5", null, true)]
    [InlineData("small-bytelevel-bpe", "gpt2", "default", true)]
    [InlineData("small-metaspace-bpe", "llama", null, true)]
    [InlineData("small-unigram", "t5", null, true)]
    [InlineData("small-wordpiece-cased", "bert", null, true)]
    public void Written_to_gguf_and_read_again_everything_is_the_same(string name, string kind, string? pre, bool keptWhole)
    {
        Tokenizer before = Get(name);
        GgufMetadata metadata = new();
        before.WriteGguf(metadata, before.VocabularySize);
        Assert.Equal((kind, pre, keptWhole), (metadata.Text("tokenizer.ggml.model"), metadata.Text("tokenizer.ggml.pre"), metadata.ContainsKey("tokenizer.huggingface.json")));
        Tokenizer after = Tokenizer.FromGguf(metadata);
        AllEqual(Rows("encode.jsonl").Where(r => r.TryGetProperty("text", out _)).Select(row =>
        {
            string text = row.GetProperty("text").GetString()!;
            int[] a = before.Encode(text), b = after.Encode(text);
            return (text, Show(a) + before.Decode(a), Show(b) + after.Decode(b));
        }));
    }

    [Fact]
    public void Gguf_written_again_holds_the_same_keys()
    {
        using GgufFile file = new(SharedData.Require("models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"));
        GgufMetadata written = new();
        Tokenizer read = Tokenizer.FromGguf(file.Metadata);
        read.WriteGguf(written, read.VocabularySize);
        string[] lists = ["tokenizer.ggml.tokens", "tokenizer.ggml.merges"];
        foreach (string key in lists) Assert.Equal(file.Metadata.Strings(key), written.Strings(key));
        foreach (string role in (string[])["bos", "eos", "unknown", "padding"])
            Assert.Equal(file.Metadata.Integer($"tokenizer.ggml.{role}_token_id"), written.Integer($"tokenizer.ggml.{role}_token_id"));
        Assert.Equal(file.Metadata.Text("tokenizer.chat_template"), written.Text("tokenizer.chat_template"));
        Assert.Equal("smollm", written.Text("tokenizer.ggml.pre"));
        Assert.False(written.ContainsKey("tokenizer.huggingface.json"));
    }

    [Fact]
    public void Seed_tokenizers_survive_gguf()
    {
        GgufMetadata metadata = new();
        Tokenizer seed = SeedTokenizer.Create(["Ann", "cups"]);
        seed.WriteGguf(metadata, seed.VocabularySize);
        Tokenizer again = Tokenizer.FromGguf(metadata);
        Assert.Equal("Ann| cups|1", string.Join('|', again.Encode("Ann cups1").Select(id => System.Text.Encoding.UTF8.GetString(again.BytesOf(id)))));
        Assert.Equal(0, again.EosId);
    }

    [Theory]
    [MemberData(nameof(GoldenTokenizers.All), MemberType = typeof(GoldenTokenizers))]
    public void Bytes_of_tokens_make_up_the_text(string name)
    {
        Tokenizer tokenizer = Get(name);
        Assert.SkipWhen(name is "minilm" or "small-wordpiece-cased" or "small-clip-bpe" or "small-wordlevel", "its decoder changes or adds spaces between tokens");
        AllEqual(Rows("encode.jsonl").Where(r => r.GetProperty("category").GetString() == "english").Select(row =>
        {
            int[] ids = tokenizer.Encode(row.GetProperty("text").GetString()!, addSpecialTokens: false);
            byte[] bytes = [.. ids.SelectMany(id => tokenizer.BytesOf(id).ToArray())];
            // Decoding takes the space off that encoding put in front.
            return (row.GetProperty("text").GetString()!, tokenizer.Decode(ids).TrimStart(' '), System.Text.Encoding.UTF8.GetString(bytes).TrimStart(' '));
        }));
    }
}
