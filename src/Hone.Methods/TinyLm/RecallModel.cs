using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Tokenizers;

namespace Hone.Methods.TinyLm;

/// <summary>
/// The long-context companion of the seed model: a Llama-shaped decoder that finds what was said earlier. Queries and keys carry no
/// norm of their own and every query head has its own key head, so that methods that change the projections of keys
/// (EliteKV) or merge heads can be shown on it.
/// </summary>
public static class RecallModel
{
    /// <summary>The folder of the trained model.</summary>
    /// <exception cref="HoneException">It is not part of this copy of Hone.</exception>
    public static string Require()
    {
        try
        {
            return Assets.Require("models/seed-recall");
        }
        catch (HoneException error)
        {
            throw new HoneException("this experiment needs the model that finds things in long texts, models/seed-recall, which this copy of Hone lacks. 'hone pretrain --recipe pretrain-recall --out runs/seed-recall' trains it.", error);
        }
    }

    /// <summary>Words of keys and filler, numbers of three digits, bytes for everything else.</summary>
    public static Tokenizer CreateTokenizer()
    {
        IEnumerable<string> words = KeyWords.Adjectives.Concat(KeyWords.Nouns).Concat(FillerText.Words).Concat(["text", "pass", "key"]).Distinct().Select(w => " " + w);
        IEnumerable<string> numbers = Enumerable.Range(100, 900).Select(n => $" {n}");
        return SeedTokenizer.Create(words.Append("text").Concat(numbers), ["<eos>"], splitDigits: false, spacedForms: false);
    }

    /// <summary>Settings, in the words of transformers.</summary>
    public static ModelConfig CreateConfig(RecallOptions options, int vocabulary) => ModelConfig.FromJson(new JsonObject
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["vocab_size"] = vocabulary,
        ["hidden_size"] = options.Width,
        ["intermediate_size"] = options.Inner,
        ["num_hidden_layers"] = options.Layers,
        ["num_attention_heads"] = options.Heads,
        ["num_key_value_heads"] = options.Heads,
        ["head_dim"] = options.Width / options.Heads,
        ["max_position_embeddings"] = options.Lengths.Max(),
        ["rms_norm_eps"] = 1e-6,
        ["rope_theta"] = options.RopeTheta,
        ["tie_word_embeddings"] = false,
        ["hidden_act"] = "silu",
        ["attention_bias"] = false,
        ["bos_token_id"] = null,
        ["eos_token_id"] = 0,
        ["pad_token_id"] = 0,
        ["torch_dtype"] = "bfloat16",
    });

    /// <summary>A new model with random weights, embeddings of unit variance and outputs of zero, on request with the circuit that copies.</summary>
    public static LanguageModel Create(RecallOptions options, int vocabulary, RandomStream random)
    {
        LanguageModel model = new(CreateConfig(options, vocabulary));
        ModelInit.Randomise(model, random, new InitOptions { UniformFanIn = true, ZeroOutputs = true, EmbeddingDeviation = 1, QueryKeyScale = (float)options.QueryKeyScale });
        if (options.Circuit) RecallCircuit.Lay(model);
        return model;
    }
}
