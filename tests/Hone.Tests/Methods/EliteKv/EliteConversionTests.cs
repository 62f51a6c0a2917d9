using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Inference.Sampling;
using Hone.Methods.EliteKv;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tests.Inference;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using static Hone.Tests.Inference.TinyModels;

namespace Hone.Tests.Methods.EliteKv;

/// <summary>Converted models: equal to the original where nothing is cut, cached equal to whole, saved equal to loaded, trainable.</summary>
public sealed class EliteConversionTests
{
    private static readonly int[] Tokens = [5, 17, 3, 42, 8, 23, 42, 11, 59, 30, 7, 19, 2, 44, 31, 9, 26, 50, 1, 33];

    private static readonly RunContext Run = new("", 3);

    private const int HeadSize = 8, Half = 4, KvHeads = 2;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_chunks_and_full_rank_give_the_original(bool separate)
    {
        LanguageModel model = TinyModels.Llama();
        EliteShape shape = separate ? new(Half, 0, 16) : new(Half, 16);
        AssertSame(Logits(model, Tokens), Logits(Convert(model, shape), Tokens), 1e-4f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Some_chunks_and_full_rank_give_what_rotating_only_these_gives(bool separate)
    {
        LanguageModel model = TinyModels.Llama();
        int[][][] elite = Elite(model, 2);
        LanguageModel converted = EliteConverter.Convert(model, elite, separate ? new(2, 8, 16) : new(2, 24), Run).Model;
        AssertSame(PartlyRotated(model, elite, Tokens), Logits(converted, Tokens), 1e-4f);
    }

    [Fact]
    public void No_chunks_give_the_unrotated_model()
    {
        LanguageModel model = TinyModels.Llama();
        float[] plain = PartlyRotated(model, Elite(model, 0), Tokens);
        AssertSame(plain, Logits(Convert(model, new(0, 32)), Tokens), 1e-4f);
        // Without rotation the order of earlier tokens does not matter to the first layer; with it, it does: the two must differ.
        Assert.True(GoldenDifference(plain, Logits(model, Tokens)) > 1e-2);
    }

    [Theory]
    [InlineData(1, 6, 0)]
    [InlineData(0, 6, 0)]
    [InlineData(2, 3, 5)]
    [InlineData(4, 7, 0)]
    [InlineData(4, 0, 7)]
    public void Absorbed_decoding_equals_the_whole_pass(int chunks, int keyRank, int valueRank)
    {
        LanguageModel converted = Convert(TinyModels.Llama(), new(chunks, keyRank, valueRank));
        float[] whole = Logits(converted, Tokens);
        int vocabulary = converted.Config.VocabularySize;
        foreach (int[] pieces in new int[][] { [.. Enumerable.Repeat(1, 20)], [5, 1, 1, 13], [9, 11], [3, 2, 12, 3] })
        {
            using LatentKvCache cache = new(converted.Config);
            List<float> found = [];
            foreach (int piece in pieces) found.AddRange(Step(converted, cache, Tokens.AsSpan(cache.Length, piece).ToArray()));
            Assert.Equal(20 * vocabulary, found.Count);
            AssertSame(whole, [.. found], 1e-4f);
        }
    }

    [Fact]
    public void The_cache_takes_what_the_formula_says()
    {
        EliteShape shape = new(1, 6);
        LanguageModel model = TinyModels.Llama(), converted = Convert(model, shape);
        using LatentKvCache cache = new(converted.Config);
        Step(converted, cache, Tokens);
        long expected = Tokens.Length * (long)model.Config.Layers * (2 * shape.Chunks * KvHeads + shape.Width) * sizeof(float);
        Assert.Equal(expected, cache.Memory.Bytes);
        Assert.Equal(expected, Tokens.Length * converted.Config.KvBytesPerToken);
        Assert.Equal(shape.Ratio(KvHeads, HeadSize), (double)converted.Config.KvBytesPerToken / model.Config.KvBytesPerToken, 1e-12);
        Assert.InRange(cache.Memory.AllocatedBytes, expected, 2 * expected + 4096);
    }

    [Fact]
    public void Forks_and_truncation_keep_the_shared_beginning()
    {
        LanguageModel converted = Convert(TinyModels.Llama(), new(1, 6));
        using LatentKvCache cache = new(converted.Config);
        Step(converted, cache, Tokens[..10]);
        using IKvCache fork = cache.Fork();
        Step(converted, fork, [1, 2, 3]);
        float[] original = Step(converted, cache, Tokens[10..]);
        cache.Truncate(10);
        AssertSame(original, Step(converted, cache, Tokens[10..]), 1e-6f);
        Assert.Equal(13, fork.Length);
    }

    [Fact]
    public void The_engine_keeps_latents_and_generates_what_whole_passes_say()
    {
        LanguageModel converted = Convert(TinyModels.Llama(), new(1, 6));
        GenerationRequest request = new() { Prompt = Tokens, MaxTokens = 8, Sampling = SamplingOptions.Greedy, StopIds = [] };
        int[] ids = new Engine(converted).Generate(request)[0].Ids;
        List<int> sequence = [.. Tokens];
        for (int i = 0; i < 8; i++)
        {
            float[] last = Logits(converted, [.. sequence])[^converted.Config.VocabularySize..];
            sequence.Add(Array.IndexOf(last, last.Max()));
        }
        Assert.Equal(sequence.Skip(Tokens.Length), ids);
    }

    [Fact]
    public void A_saved_model_comes_back_the_same()
    {
        LanguageModel converted = Convert(TinyModels.Llama(), new(2, 5, 4));
        string folder = Directory.CreateTempSubdirectory("hone-elite").FullName;
        try
        {
            ModelSaver.Save(folder, converted);
            LanguageModel loaded = ModelLoader.Load(folder).Model;
            Assert.Equal(Logits(converted, Tokens), Logits(loaded, Tokens));
            Assert.Equal(converted.ParameterCount, loaded.ParameterCount);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_converted_model_learns()
    {
        LanguageModel converted = Convert(TinyModels.Llama(), new(1, 6));
        foreach (Parameter parameter in converted.Parameters) parameter.Trainable = true;
        GeneratedSource source = new(_ => new TrainingExample(TrainingSequence.Whole(Tokens)));
        TrainOptions options = new() { Steps = 60, Batch = 1, Lr = 1e-2, Schedule = "constant" };
        using Trainer trainer = new(converted.Parameters, new SupervisedObjective(converted), options);
        TrainingSummary summary = trainer.Run(source, new RunContext("", 1));
        Assert.True(summary.Losses[^1] < 0.3 * summary.Losses[0], $"loss {summary.Losses[0]} → {summary.Losses[^1]}");
    }

    [Fact]
    public void Broken_settings_are_refused_in_a_sentence()
    {
        ModelConfig config = TinyModels.Llama().Config;
        foreach (string elite in new[] { "[]", "[[[0],[1]]]", "[[[0],[9]],[[0],[1]]]", "[[[0,1],[1]],[[0],[1]]]", "[[[0],\"x\"],[[0],[1]]]", "7" })
        {
            JsonObject latent = (JsonObject)JsonNode.Parse($$"""{"chunks":1,"rank":6,"elite":{{elite}}}""")!;
            Assert.Throws<HoneException>(() => config.With("elitekv", latent));
        }
        Assert.Throws<HoneException>(() => config.With("elitekv", JsonNode.Parse("""{"chunks":5,"rank":6,"elite":[[[],[]],[[],[]]]}""")));
        Assert.Throws<HoneException>(() => config.With("elitekv", JsonNode.Parse("""{"chunks":0,"rank":99999,"elite":[[[],[]],[[],[]]]}""")));
    }

    [Fact]
    public void Models_that_cannot_be_converted_say_why()
    {
        LanguageModel model = TinyModels.Llama();
        Assert.Contains("converted already", Assert.Throws<HoneException>(() => Convert(Convert(model, new(1, 6)), new(1, 6))).Message);
        Assert.Throws<HoneException>(() => Convert(model, new(5, 6)));
        Assert.Throws<HoneException>(() => Convert(model, new(1, 0)));
        Assert.Throws<HoneException>(() => Convert(model, new(1, 33)));
    }

    [Fact]
    public void Grouping_averages_neighbouring_heads()
    {
        LanguageModel model = TinyModels.Llama(), grouped = GroupedConversion.Convert(model, 1);
        ReadOnlySpan<float> before = model["model.layers.0.self_attn.k_proj.weight"].Value.Data, after = grouped["model.layers.0.self_attn.k_proj.weight"].Value.Data;
        Assert.Equal(before.Length / 2, after.Length);
        for (int i = 0; i < after.Length; i++) Assert.Equal((before[i] + before[i + after.Length]) / 2, after[i], 1e-6f);
        Assert.Equal(1, grouped.Config.KvHeads);
    }

    [Fact]
    public void A_ranking_is_no_worse_than_the_baselines_on_average_and_survives_its_file()
    {
        LanguageModel model = TinyModels.Llama();
        RopeChunkRanker ranker = new(model);
        ChunkScores[][] scores = ranker.Measure([Tokens, [.. Tokens.Reverse()]], 1000, Run);
        Assert.Equal(2 * 210, scores[0][0].Pairs); // all causal pairs of two sequences of 20
        ChunkRanking elite = ranker.Rank(scores, 1000, ChunkChoice.Elite, Run);
        foreach (ChunkChoice other in new[] { ChunkChoice.Uniform, ChunkChoice.Contribution, ChunkChoice.Random, ChunkChoice.Lowest })
        {
            ChunkRanking ranking = ranker.Rank(scores, 1000, other, Run);
            for (int r = 1; r < Half; r++) Assert.True(Mean(elite, r) <= Mean(ranking, r) + 1e-12, $"{other} with {r} chunks: {Mean(ranking, r)}, elite {Mean(elite, r)}");
        }
        string path = Path.GetTempFileName();
        elite.Save(path);
        ChunkRanking read = ChunkRanking.Load(path);
        Assert.Equal(elite.Elite(2), read.Elite(2));
        File.WriteAllText(path, """{"layers":[[{"order":[0,0],"distance":[]}]],"choice":"elite","pairs":1}""");
        Assert.Throws<HoneException>(() => ChunkRanking.Load(path));
        File.Delete(path);

        static double Mean(ChunkRanking ranking, int chunks) => ranking.Orders.SelectMany(l => l).Average(head => head.Distances[chunks - 1]);
    }

    private static LanguageModel Convert(LanguageModel model, EliteShape shape) => EliteConverter.Convert(model, Elite(model, shape.Chunks), shape, Run).Model;

    /// <summary>Other chunks in every head.</summary>
    private static int[][][] Elite(LanguageModel model, int chunks) => [.. Enumerable.Range(0, model.Config.Layers).Select(layer =>
        Enumerable.Range(0, KvHeads).Select(head => Enumerable.Range(0, chunks).Select(i => (i + layer + 2 * head) % Half).Order().ToArray()).ToArray())];

    /// <summary>The original with only some chunks rotated, by blocks that work in plain loops.</summary>
    private static float[] PartlyRotated(LanguageModel model, int[][][] elite, int[] tokens)
    {
        LanguageModel copy = TinyModels.Llama();
        for (int i = 0; i < copy.Blocks.Count; i++) copy.Blocks[i] = new PlainBlock(copy, elite[i], i);
        return Logits(copy, tokens);
    }

    private static double GoldenDifference(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

    private static void AssertSame(float[] expected, float[] found, float tolerance)
    {
        Assert.Equal(expected.Length, found.Length);
        Assert.True(GoldenDifference(expected, found) <= tolerance, $"largest difference {GoldenDifference(expected, found)}");
    }

    /// <summary>A Llama block that rotates only some chunks of each key head, written for clarity.</summary>
    private sealed class PlainBlock(LanguageModel model, int[][] elite, int layer) : IBlock
    {
        public Tensor Forward(Tape tape, Tensor hidden, ForwardContext context)
        {
            string prefix = $"model.layers.{layer}";
            Tensor Linear(Tensor x, string name) => tape.Linear(x, model[$"{prefix}.{name}.weight"].Value);
            Tensor x = tape.RmsNorm(hidden, model[$"{prefix}.input_layernorm.weight"].Value, model.Config.NormEpsilon);
            Tensor q = Rotate(tape, Linear(x, "self_attn.q_proj"), 2), k = Rotate(tape, Linear(x, "self_attn.k_proj"), 1);
            Tensor mixed = tape.Attention(q, k, Linear(x, "self_attn.v_proj"), context.Batch.Segments, model.Config.Attention(layer));
            hidden = tape.Add(hidden, Linear(mixed, "self_attn.o_proj"));
            Tensor y = tape.RmsNorm(hidden, model[$"{prefix}.post_attention_layernorm.weight"].Value, model.Config.NormEpsilon);
            return tape.Add(hidden, Linear(tape.GatedMlpActivation(Linear(y, "mlp.gate_proj"), Linear(y, "mlp.up_proj"), Activation.Silu), "mlp.down_proj"));
        }

        private Tensor Rotate(Tape tape, Tensor x, int group)
        {
            float[] rows = x.Data.ToArray();
            int width = x.Shape.Last;
            for (int t = 0; t < x.Shape.Rows; t++)
                for (int head = 0; head < width / HeadSize; head++)
                    foreach (int chunk in elite[head / group])
                    {
                        (double sin, double cos) = Math.SinCos(t * Math.Pow(10_000, -2.0 * chunk / HeadSize));
                        int at = t * width + head * HeadSize + chunk;
                        (float a, float b) = (rows[at], rows[at + Half]);
                        (rows[at], rows[at + Half]) = ((float)(a * cos - b * sin), (float)(b * cos + a * sin));
                    }
            return tape.Constant(x.Shape, rows);
        }
    }
}
