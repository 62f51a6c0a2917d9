using Hone.Core;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Models.Tokenizers;

public class StreamingTests
{
    private static readonly Tokenizer Seed = SeedTokenizer.Create(["Ann", "has", "cups"]);

    [Fact]
    public void No_character_is_ever_split_and_nothing_is_lost()
    {
        RandomStream random = new(1, "streaming");
        string[] parts = ["Ann", " has", "é", "日本", "🎉", "👨‍👩‍👧", " ", "\n", "x", "<q>", "\uFFFD"];
        for (int round = 0; round < 200; round++)
        {
            string text = string.Concat(Enumerable.Range(0, 1 + random.Next(9)).Select(_ => random.Choose(parts)));
            StreamingDecoder decoder = Seed.CreateDecoder(skipSpecialTokens: false);
            List<string> chunks = [.. Seed.Encode(text).Select(decoder.Push)];
            foreach (string chunk in chunks)
                Assert.False(chunk.Length > 0 && (char.IsLowSurrogate(chunk[0]) || char.IsHighSurrogate(chunk[^1])));
            Assert.Equal(text, string.Concat(chunks) + decoder.Flush());
        }
    }

    [Fact]
    public void A_character_that_stays_incomplete_comes_out_at_the_end()
    {
        StreamingDecoder decoder = Seed.CreateDecoder();
        int[] party = Seed.Encode("a🎉");
        Assert.Equal(5, party.Length);
        Assert.Equal(["a", "", "", ""], party[..4].Select(decoder.Push));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("", decoder.Flush());
        Assert.Equal("Ann", decoder.Push(Seed.IdOf("Ann")!.Value));
    }

    [Fact]
    public void Bytes_that_never_make_a_character_are_given_out_after_a_while()
    {
        StreamingDecoder decoder = Seed.CreateDecoder();
        int stray = Seed.IdOf("ÿ")!.Value; // byte 0xFF
        string text = string.Concat(Enumerable.Repeat(stray, 500).Select(decoder.Push)) + decoder.Flush();
        Assert.Equal(new string('\uFFFD', 500), text);
    }

    [Fact]
    public void Special_tokens_are_silent_unless_wanted()
    {
        int[] ids = Seed.Encode("<q>Ann<eos>");
        StreamingDecoder quiet = Seed.CreateDecoder(), full = Seed.CreateDecoder(skipSpecialTokens: false);
        Assert.Equal("Ann", string.Concat(ids.Select(quiet.Push)) + quiet.Flush());
        Assert.Equal("<q>Ann<eos>", string.Concat(ids.Select(full.Push)) + full.Flush());
    }
}
