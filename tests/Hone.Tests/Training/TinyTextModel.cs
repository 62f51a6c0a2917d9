using System.Text.Json.Nodes;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Tests.Training;

/// <summary>A random model of two small layers with a tokenizer of one token per byte, written to a folder.</summary>
internal static class TinyTextModel
{
    public static LanguageModel Create(long seed, int vocabulary)
    {
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["vocab_size"] = vocabulary,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 64,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["rms_norm_eps"] = 1e-5,
            ["max_position_embeddings"] = 256,
            ["tie_word_embeddings"] = true,
        }, "test"));
        ModelInit.Randomise(model, new RandomStream(seed, "weights"));
        return model;
    }

    public static void Write(string folder, long seed)
    {
        Tokenizer tokenizer = SeedTokenizer.Create(["+", "="]);
        ModelSaver.Save(folder, new LoadedModel(Create(seed, tokenizer.VocabularySize), null, tokenizer), WeightType.F32);
    }
}
