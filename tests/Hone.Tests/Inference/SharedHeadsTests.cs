using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;

namespace Hone.Tests.Inference;

/// <summary>Three key heads on two threads are cut by query heads: the answers are those of one thread, bit for bit.</summary>
public class SharedHeadsTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("bits=16")]
    [InlineData("policy=knorm,keep=0.5")]
    [InlineData("policy=knorm,keep=0.5,format=token,bits=4,group=16")]
    public void GroupsCutBetweenThreadsChangeNothing(string? cache)
    {
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = 64,
            ["hidden_size"] = 144,
            ["intermediate_size"] = 96,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 9,
            ["num_key_value_heads"] = 3,
            ["max_position_embeddings"] = 128,
            ["rms_norm_eps"] = 1e-5,
            ["hidden_act"] = "silu",
            ["rope_theta"] = 10000.0,
            ["tie_word_embeddings"] = true,
        }));
        ModelInit.Randomise(model, new RandomStream(1, "test/weights"));
        float[][] logits = [.. new[] { 1, 2, 4 }.Select(threads => Decode(model, cache, threads))];
        Assert.Equal(logits[0], logits[1]);
        Assert.Equal(logits[0], logits[2]);
        Assert.Contains(logits[0], x => x != 0);
    }

    private static float[] Decode(LanguageModel model, string? cache, int threads)
    {
        using WorkerPool workers = new(threads);
        using CachedSequence sequence = new(model, cache is null ? null : new Hone.Inference.Caches.PolicyKvCache(Plan(cache, model, workers)), workers);
        List<float> all = [];
        float[] last = sequence.Feed([.. Enumerable.Range(0, 40).Select(i => i * 7 % 64)]);
        sequence.EndPrompt();
        all.AddRange(last);
        for (int i = 0; i < 5; i++) all.AddRange(sequence.Feed([i + 3]));
        return [.. all];
    }

    private static Hone.Inference.Caches.KvPlan Plan(string text, LanguageModel model, WorkerPool workers) =>
        new(Hone.Inference.Caches.KvPlan.Parse(text, Hone.Cli.RecipeLibrary.Components), model, workers);
}
