using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference.Caches;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Decoder.Together;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Threads;

namespace Hone.Tests.Models.Decoder;

/// <summary>All layers of a decoding step in one job of the pool, against the same layers operation by operation.</summary>
public sealed class TokenPassTests
{
    private sealed class Onlooker : IForwardTap
    {
        public void Hidden(int layer, Tensor hidden) { }
    }

    private sealed class Nothing : ILinearAdapter
    {
        public Tensor Apply(Tape tape, Tensor x, Tensor y, LinearLayer layer) => y;
    }

    /// <summary>Who looks into a pass makes it go operation by operation: the results are the same bits.</summary>
    [Theory]
    [InlineData("llama", false)]
    [InlineData("llama", true)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", true)]
    [InlineData("mistral", false)]
    [InlineData("dynamic", false)]
    public void The_results_are_those_of_separate_operations(string kind, bool precise)
    {
        LanguageModel model = Model(kind, precise);
        foreach (int threads in new[] { 1, 2, 3 })
        {
            using WorkerPool workers = new(threads);
            foreach (int rows in new[] { 1, 2, 9, 21 })
            {
                KvPagePool pool = new(model.Config.KvHeads, model.Config.HeadSize);
                IKvCache[] together = [.. Enumerable.Range(0, rows).Select(_ => new PagedKvCache(model.Config, pool))];
                for (int s = 0; s < rows; s++) Hidden(model, workers, [together[s]], [.. Enumerable.Range(0, 5 + s).Select(i => (i * 7 + s) % 64)]);
                IKvCache[] apart = [.. together.Select(cache => cache.Fork())];
                for (int step = 0; step < 3; step++)
                {
                    int[] tokens = [.. Enumerable.Range(0, rows).Select(s => (s * 5 + step) % 64)];
                    Assert.Equal(Hidden(model, workers, apart, tokens, new Onlooker()), Hidden(model, workers, together, tokens));
                }
            }
        }
    }

    [Fact]
    public void It_goes_through_plain_layers_and_no_others()
    {
        LanguageModel model = Model("llama", precise: false);
        KvPagePool pool = new(model.Config.KvHeads, model.Config.HeadSize);
        PagedKvCache cache = new(model.Config, pool);
        Assert.Equal(0, Reach(cache)); // nothing before it
        Hidden(model, WorkerPool.Shared, [cache], [1, 2, 3]);
        Assert.Equal(3, Reach(cache));
        model.LinearLayers.First(layer => layer.Name.Contains("layers.1.")).Adapters.Add(new Nothing());
        Assert.Equal(1, Reach(cache));
        Assert.Equal(1, Reach(cache, first: 1));
        Assert.Equal(3, Reach(cache, first: 2));

        int Reach(IKvCache before, int first = 0)
        {
            using Tape tape = new(recording: false);
            TokenBatch batch = new([1], [before.Length], new Segments(1));
            return TokenPass.Reach([.. model.Blocks], first, tape, new ForwardContext(batch, new ForwardState { Caches = [before] }, new RopeTables(model.Config)));
        }
    }

    private static float[] Hidden(LanguageModel model, WorkerPool workers, IKvCache[] caches, int[] tokens, IForwardTap? tap = null)
    {
        using Tape tape = new(workers, recording: false);
        int each = tokens.Length / caches.Length;
        int[] positions = [.. caches.SelectMany(cache => Enumerable.Range(cache.Length, each))];
        TokenBatch batch = new(tokens, positions, new Segments([.. caches.Select(_ => each)]));
        return model.Hidden(tape, batch, new ForwardState { Caches = caches, Tap = tap }).Data.ToArray();
    }

    private static LanguageModel Model(string kind, bool precise)
    {
        JsonObject json = new()
        {
            ["model_type"] = kind == "dynamic" ? "llama" : kind,
            ["vocab_size"] = 64,
            ["hidden_size"] = 64,
            ["intermediate_size"] = 160,
            ["num_hidden_layers"] = 3,
            ["num_attention_heads"] = 6,
            ["num_key_value_heads"] = 2,
            ["head_dim"] = 16,
            ["max_position_embeddings"] = kind == "dynamic" ? 8 : 256,
        };
        if (kind == "mistral") json["sliding_window"] = 6;
        if (kind == "qwen3") json["attention_bias"] = true;
        if (kind == "dynamic") json["rope_scaling"] = new JsonObject { ["rope_type"] = "dynamic", ["factor"] = 2.0 };
        RandomStream random = new(3, kind);
        LanguageModel model = new(ModelConfig.FromJson(json), (name, shape) => Matrix(random, name, shape, precise));
        foreach (Parameter parameter in model.Parameters) random.FillNormal(parameter.Value.Data, 1, 0.2f);
        return model;
    }

    private static QuantizedMatrix Matrix(RandomStream random, string name, Shape shape, bool precise)
    {
        float[] weights = new float[shape.Count];
        random.FillNormal(weights, 0, 0.2f);
        bool four = name.Contains("up_proj", StringComparison.Ordinal) || name.Contains("k_proj", StringComparison.Ordinal);
        (QuantType type, WeightType stored) = four ? (QuantType.Q4_0, WeightType.Q4_0) : (QuantType.Q8_0, WeightType.Q8_0);
        byte[] blocks = new byte[type.RowBytes(shape[1]) * shape[0]];
        BlockFormats.Quantize(stored, weights, blocks);
        return new QuantizedMatrix(type, shape[0], shape[1], blocks) { IsPrecise = precise };
    }
}
