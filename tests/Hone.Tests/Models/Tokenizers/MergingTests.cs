using Hone.Core;
using Hone.Models.Tokenizers;
using Hone.Models.Tokenizers.Subwords;
using Hone.Models.Tokenizers.Training;

namespace Hone.Tests.Models.Tokenizers;

/// <summary>The quick ways of merging against the plain one.</summary>
public class MergingTests
{
    private static readonly string[] Texts = ["abababa bab aab", "aaaa aaa aa a", "cab cabab cabba bacca", "bbb  aabb  c"];

    private static Tokenizer Train(string? preTokenizer) => BpeTrainer.Train(Texts, new()
    {
        VocabularySize = 40,
        PreTokenizerJson = preTokenizer,
        DecoderJson = null,
        NormalizerJson = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""",
    });

    private static string RandomText(RandomStream random, int length) =>
        string.Create(length, random, (span, r) => { for (int i = 0; i < span.Length; i++) span[i] = "aaabbc "[r.Next(7)]; });

    /// <summary>Lowest rank first, leftmost among equals, one merge at a time.</summary>
    private static List<string> Plainly(string text, IReadOnlyList<(string Left, string Right)> merges)
    {
        List<string> symbols = [.. text.Select(c => c.ToString())];
        while (true)
        {
            int best = int.MaxValue, at = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                int rank = merges.ToList().FindLastIndex(m => m.Left == symbols[i] && m.Right == symbols[i + 1]);
                if (rank >= 0 && rank < best) (best, at) = (rank, i);
            }
            if (at < 0) return symbols;
            symbols[at] += symbols[at + 1];
            symbols.RemoveAt(at + 1);
        }
    }

    [Fact]
    public void Short_and_long_words_and_cut_texts_merge_alike()
    {
        Tokenizer tokenizer = Train(null);
        BpeModel model = (BpeModel)tokenizer.Model;
        Assert.True(model.Merges.Count > 10);
        RandomStream random = new(1, "merging");
        for (int round = 0; round < 60; round++)
        {
            string text = RandomText(random, 1 + random.Next(round < 50 ? 60 : 200));
            string expected = string.Join('|', Plainly(text.Replace(' ', '▁'), model.Merges));
            Assert.Equal(expected, string.Join('|', tokenizer.Encode(text).Select(tokenizer.TokenOf)));
            Assert.Equal(expected, string.Join('|', tokenizer.EncodeDetailed(text).Tokens));
        }
    }

    [Fact]
    public void Boundaries_lie_where_no_token_goes_across()
    {
        Tokenizer tokenizer = Train(null);
        BpeModel model = (BpeModel)tokenizer.Model;
        string[] merged = [.. model.Merges.Select(m => m.Left + m.Right)];
        MergeBoundaries boundaries = new(model.Vocabulary, merged);
        string text = RandomText(new(2, "boundaries"), 500).Replace(' ', '▁');
        int cuts = 0;
        for (int start = 0; start < text.Length;)
        {
            int end = boundaries.Next(text, start);
            if (end < text.Length) Assert.DoesNotContain(merged, m => m.Contains(text.Substring(end - 1, 2)));
            cuts++;
            start = end;
        }
        Assert.InRange(cuts, 2, 400);
    }

    [Fact]
    public void Words_beyond_the_cache_are_the_same_again()
    {
        Tokenizer tokenizer = BpeTrainer.Train(Texts, BpeTrainerOptions.ByteLevel(280));
        RandomStream random = new(3, "cache");
        string[] words = [.. Enumerable.Range(0, 60_000).Select(i => RandomText(random, 3 + random.Next(9)).Trim() + i)];
        int[][] first = [.. words.Select(w => tokenizer.Encode(w))];
        for (int i = 0; i < words.Length; i += 7) Assert.Equal(first[i], tokenizer.Encode(words[i]));
        Assert.Equal(words[17], tokenizer.Decode(first[17]));
    }

    [Fact]
    public void Many_threads_get_what_one_gets()
    {
        Tokenizer tokenizer = BpeTrainer.Train(Texts, BpeTrainerOptions.ByteLevel(280));
        RandomStream random = new(4, "threads");
        string[] texts = [.. Enumerable.Range(0, 400).Select(_ => RandomText(random, 80))];
        int[][] alone = [.. texts.Select(t => tokenizer.Encode(t))];
        int[][] together = new int[texts.Length][];
        Parallel.For(0, texts.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => together[i] = tokenizer.Encode(texts[i]));
        Assert.Equal(alone, together);
    }

    [Fact]
    public void Order_of_the_texts_does_not_matter_to_training() => Assert.Equal(
        ((BpeModel)Train("""{"type":"Whitespace"}""").Model).Merges,
        ((BpeModel)BpeTrainer.Train(Texts.Reverse(), new()
        {
            VocabularySize = 40,
            PreTokenizerJson = """{"type":"Whitespace"}""",
            DecoderJson = null,
            NormalizerJson = """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""",
        }).Model).Merges);
}
