using Hone.Core;

namespace Hone.Models.Config;

/// <summary>GPT-2: learned positions, LayerNorm, one matrix for q, k and v, its own words for everything.</summary>
internal static class Gpt2Family
{
    public static ModelConfig Gpt2(ConfigJson json)
    {
        int hidden = json.Int("n_embd", 768), heads = json.Int("n_head", 12), layers = json.Int("n_layer", 12, max: 4096);
        if (hidden % heads != 0) throw new HoneException($"{json.Source}: 'n_embd' {hidden} is not a multiple of 'n_head' {heads}.");
        return new()
        {
            Json = [],
            Architecture = "gpt2",
            VocabularySize = json.Int("vocab_size", 50257),
            HiddenSize = hidden,
            IntermediateSize = json.Int("n_inner", 4 * hidden),
            Layers = layers,
            Heads = heads,
            KvHeads = heads,
            HeadSize = hidden / heads,
            MaxPositions = json.Int("n_positions", json.Int("n_ctx", 1024)),
            Norm = NormKind.Layer,
            NormEpsilon = (float)json.Number("layer_norm_epsilon", 1e-5, 0, 1),
            Activation = FamilyParts.ActivationOf(json, "activation_function", "gelu_new"),
            GatedMlp = false,
            QkvBias = true,
            OutputBias = true,
            MlpBias = true,
            Layout = WeightLayout.Gpt2,
            AttentionScale = json.Flag("scale_attn_weights", true) ? (float)(1 / Math.Sqrt((double)hidden / heads)) : 1,
            ScaleByLayer = json.Flag("scale_attn_by_inverse_layer_idx"),
            TiedHead = json.Flag("tie_word_embeddings", true),
            LayerConfigs = FamilyParts.Layers(layers, _ => new(0, LayerRope.None, false)),
            EosIds = json.Ints("eos_token_id") ?? [50256],
            BosId = json.Has("bos_token_id") ? json.Int("bos_token_id", min: 0) : null,
            PadId = json.Has("pad_token_id") ? json.Int("pad_token_id", min: 0) : null,
            InitializerRange = (float)json.Number("initializer_range", 0.02, 0, 10),
        };
    }
}
