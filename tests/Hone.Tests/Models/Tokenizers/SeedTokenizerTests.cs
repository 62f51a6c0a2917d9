using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hone.Core;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Models.Tokenizers;

public class SeedTokenizerTests
{
    private static readonly Tokenizer Seed = SeedTokenizer.Create(["Ann", "has", "cups", "+", "=", "?", "'s", "7", "\n"]);

    private static string[] Pieces(string text) => [.. Seed.Encode(text).Select(id => Encoding.UTF8.GetString(Seed.BytesOf(id)))];

    [Fact]
    public void Words_digits_and_specials_are_single_tokens() => Assert.Equal(
        ["<q>", "Ann", " has", " ", "1", "2", " cups", ".", "<ans>", "1", "2", " +", " ", "7", " =", "<eos>"],
        Pieces("<q>Ann has 12 cups.<ans>12 + 7 =<eos>"));

    [Fact]
    public void Unknown_words_are_spelt_in_bytes() => Assert.Equal(
        [" ", "m", "u", "g", "s", " cups", "'s"], Pieces(" mugs cups's"));

    [Fact]
    public void Ids_are_specials_then_bytes_then_words()
    {
        Assert.Equal(0, Seed.EosId);
        Assert.Equal(0, Seed.PadId);
        Assert.Equal(1, Seed.IdOf("<q>"));
        Assert.Equal([4 + 0x41], Seed.Encode("A"));
        Assert.Equal(4 + 256, Seed.IdOf("Ann"));
        Assert.Equal(4 + 256 + 1, Seed.IdOf("ĠAnn"));
        // Both forms of three words, three operators with a space (without they are bytes), and 's, which never has one.
        Assert.Equal(4 + 256 + 2 * 3 + 3 + 1, Seed.VocabularySize);
        Assert.True(Seed.IsSpecial(0));
        Assert.False(Seed.IsSpecial(4));
    }

    [Fact]
    public void Any_text_comes_back_exactly()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<string?>(text =>
        {
            // A lone surrogate has no UTF-8, so it cannot come back.
            string valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
            return Seed.Decode(Seed.Encode(valid), skipSpecialTokens: false) == valid;
        }));
        foreach (string text in (string[])["", " ", "Ann  has\t\tcups\r\n", "naïve 日本 🎉 ٣½", "<q><q>Ann</q>", "\0\u0001\uFFFD"])
            Assert.Equal(text, Seed.Decode(Seed.Encode(text), skipSpecialTokens: false));
    }

    [Fact]
    public void A_word_is_one_token_at_the_start_of_a_line_too()
    {
        Tokenizer spaced = SeedTokenizer.Create([" Ann", " has"], spacedForms: false, linesStartSpaced: true);
        int ann = spaced.IdOf("ĠAnn")!.Value;
        Assert.Equal(3, spaced.Encode("<q>Ann has\nAnn").Count(id => id == ann) + spaced.Encode("Ann").Length);
        Check.QuickThrowOnFailure(Prop.ForAll<string?>(text =>
        {
            string valid = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
            return spaced.Decode(spaced.Encode(valid), skipSpecialTokens: false) == valid;
        }));
        foreach (string text in (string[])["", " ", "\n", "\n\n Ann", "Ann\n", " Ann\n has\n\nAnn ", "<q>Ann\n<a> has<eos>", "<q><q>\n<a>"])
            Assert.Equal(text, spaced.Decode(spaced.Encode(text), skipSpecialTokens: false));
    }

    [Fact]
    public void Saved_folder_gives_the_same_tokenizer()
    {
        string folder = Directory.CreateTempSubdirectory("hone-tokenizer").FullName;
        try
        {
            Seed.SaveToDirectory(folder);
            Tokenizer again = Tokenizer.FromDirectory(folder);
            Assert.Equal(Seed.VocabularySize, again.VocabularySize);
            Assert.Equal(Seed.EosId, again.EosId);
            Assert.Equal(Seed.PadId, again.PadId);
            string text = "<q>Ann has 12 mugs<eos>";
            Assert.Equal(Seed.Encode(text), again.Encode(text));
            Assert.Equal("Ann has 12 mugs", again.Decode(again.Encode(text)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("12")]
    [InlineData("")]
    [InlineData("a+")]
    public void Words_that_text_is_cut_inside_of_are_refused(string word) =>
        Assert.Throws<HoneException>(() => SeedTokenizer.Create([word]));
}
