using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Inference;

/// <summary>What is computed piece by piece with caches equals what is computed at once.</summary>
public sealed class CacheTests
{
    public static TheoryData<string> Names => DecoderGoldenTests.Names;

    /// <summary>The same tokens in pieces of 1, 2, 3 … beside another sequence: every logit within 1e-4 of the whole pass.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Pieces_equal_the_whole(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        int[] first = [.. golden.Prompt("b"), .. golden.Prompt("a")], second = golden.Prompt("b");
        int vocabulary = golden.Model.Config.VocabularySize;
        float[] whole = golden.Logits(first), other = golden.Logits(second);
        KvPagePool pool = new(golden.Model.Config.KvHeads, golden.Model.Config.HeadSize);
        PagedKvCache[] caches = [new(golden.Model.Config, pool), new(golden.Model.Config, pool)];
        for (int piece = 1; caches[0].Length < first.Length; piece++)
        {
            int[] starts = [caches[0].Length, caches[1].Length];
            int[] counts = [Math.Min(piece, first.Length - starts[0]), Math.Min(2, second.Length - starts[1])];
            float[] logits = Run(golden.Model, caches, [first, second], counts);
            Assert.True(GoldenModel.MaxDifference(logits.AsSpan(0, counts[0] * vocabulary), whole.AsSpan(starts[0] * vocabulary, counts[0] * vocabulary)) < 1e-4);
            Assert.True(GoldenModel.MaxDifference(logits.AsSpan(counts[0] * vocabulary), other.AsSpan(starts[1] * vocabulary, counts[1] * vocabulary)) < 1e-4);
        }
        foreach (PagedKvCache cache in caches) cache.Dispose();
        Assert.Equal(0, pool.Used);
    }

    [Fact]
    public void Forks_share_pages_until_they_differ_and_do_not_see_each_other()
    {
        LanguageModel model = TinyModels.Llama(layers: 1);
        KvPagePool pool = new(model.Config.KvHeads, model.Config.HeadSize);
        int[] prompt = [.. Enumerable.Range(0, 40).Select(i => i % 50)], left = [.. prompt, 1, 2], right = [.. prompt, 3, 4];
        PagedKvCache cache = new(model.Config, pool);
        Run(model, [cache], [prompt], [40]);
        Assert.Equal(2, pool.Used);
        PagedKvCache fork = (PagedKvCache)cache.Fork();
        Assert.Equal(2, pool.Used);
        float[] l = Run(model, [cache], [left], [2]), r = Run(model, [fork], [right], [2]);
        Assert.Equal(3, pool.Used); // the full page is shared, the one begun is not any more
        Assert.True(GoldenModel.MaxDifference(l, WholeTail(model, left, 2)) < 1e-5);
        Assert.True(GoldenModel.MaxDifference(r, WholeTail(model, right, 2)) < 1e-5);
        fork.Truncate(40);
        Assert.Equal(l, Run(model, [fork], [left], [2]));
        cache.Dispose();
        fork.Dispose();
        Assert.Equal(0, pool.Used);
    }

    private static float[] Run(LanguageModel model, IReadOnlyList<PagedKvCache> caches, int[][] sequences, int[] counts)
    {
        using Tape tape = new(recording: false);
        List<int> tokens = [], positions = [];
        for (int s = 0; s < caches.Count; s++)
            for (int i = 0; i < counts[s]; i++)
            {
                tokens.Add(sequences[s][caches[s].Length + i]);
                positions.Add(caches[s].Length + i);
            }
        TokenBatch batch = new([.. tokens], [.. positions], new Segments(counts));
        return model.Logits(tape, model.Hidden(tape, batch, new ForwardState { Caches = [.. caches] })).Data.ToArray();
    }

    private static float[] WholeTail(LanguageModel model, int[] tokens, int count)
    {
        using Tape tape = new(recording: false);
        return model.Logits(tape, model.Hidden(tape, TokenBatch.Of(tokens))).Data[^(count * model.Config.VocabularySize)..].ToArray();
    }
}
