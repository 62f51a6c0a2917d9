using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Inference;

/// <summary>Small random models for tests of what does not depend on the weights.</summary>
internal static class TinyModels
{
    public const int Vocabulary = 60;

    public static LanguageModel Llama(int layers = 2, int seed = 1)
    {
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = Vocabulary,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 48,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["max_position_embeddings"] = 256,
            ["eos_token_id"] = 2,
        }));
        // Wide weights: logits that differ enough for sampling to be worth the name.
        ModelInit.Randomise(model, new RandomStream(seed, "tiny"), new InitOptions { EmbeddingDeviation = 1, MatrixDeviation = 0.3f });
        return model;
    }

    /// <summary>Logits of all positions of a whole pass.</summary>
    public static float[] Logits(LanguageModel model, int[] tokens)
    {
        using Tape tape = new(recording: false);
        return model.Logits(tape, model.Hidden(tape, TokenBatch.Of(tokens))).Data.ToArray();
    }

    /// <summary>Logits of the next tokens behind a cache.</summary>
    public static float[] Step(LanguageModel model, IKvCache cache, int[] tokens)
    {
        using Tape tape = new(recording: false);
        TokenBatch batch = new(tokens, [.. Enumerable.Range(cache.Length, tokens.Length)], new Segments(tokens.Length));
        float[] logits = model.Logits(tape, model.Hidden(tape, batch, new ForwardState { Caches = [cache] })).Data.ToArray();
        cache.EndPass();
        return logits;
    }
}
