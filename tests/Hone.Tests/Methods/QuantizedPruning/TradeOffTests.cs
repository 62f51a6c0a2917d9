using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Methods.QuantizedPruning;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Methods.QuantizedPruning;

public sealed class TradeOffTests
{
    // The card's example: 8 heads of 128, 128 tokens in 16 bits are 524,288 bytes; in 4 bits with groups of 64 only 455 tokens fit.
    [Fact]
    public void Equal_bytes_leave_room_for_fewer_tokens_than_the_nominal_grid()
    {
        Assert.Equal([128, 256, 512, 1024], TradeOffGrid.Nominal(128, 4000).Select(p => p.Tokens));
        Assert.Equal([128, 240, 455, 819], TradeOffGrid.Equal(128, 4000, 8, 128, 64).Select(p => p.Tokens));
        Assert.Equal([128, 240, 300, 300], TradeOffGrid.Equal(128, 300, 8, 128, 64).Select(p => p.Tokens));
        Assert.Throws<HoneException>(() => TradeOffGrid.Equal(0, 300, 8, 128, 64));
    }

    [Theory, InlineData("llama"), InlineData("qwen3")]
    public void Outlier_channels_change_keys_and_nothing_else(string family)
    {
        LanguageModel model = Model(family);
        int[] tokens = [.. Enumerable.Range(0, 30).Select(i => i * 7 % 60)];
        float[] before = Logits(model, tokens);
        OutlierChannels.Plant(model, 20);
        Assert.True(GoldenModel.MaxDifference(Logits(model, tokens), before) < 1e-3);
        using CachedSequence sequence = new(model, new Hone.Inference.Caches.PolicyKvCache(new(new(), model)));
        sequence.Feed(tokens);
        float[] keys = new float[tokens.Length * 8];
        ((Hone.Inference.Caches.PolicyKvCache)sequence.Cache).Views[0].ReadKeys(0, 0, keys);
        double Size(int channel) => Enumerable.Range(0, tokens.Length).Average(t => Math.Abs(keys[t * 8 + channel]));
        Assert.True(Size(0) + Size(4) > 5 * (Size(1) + Size(5)));
    }

    private static float[] Logits(LanguageModel model, int[] tokens)
    {
        using CachedSequence sequence = new(model);
        return sequence.Feed(tokens);
    }

    private static LanguageModel Model(string family)
    {
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["model_type"] = family,
            ["vocab_size"] = 60,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 48,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["head_dim"] = 8,
            ["max_position_embeddings"] = 256,
            ["eos_token_id"] = 2,
        }));
        ModelInit.Randomise(model, new RandomStream(1, "tiny"), new InitOptions { EmbeddingDeviation = 1, MatrixDeviation = 0.3f });
        return model;
    }
}
