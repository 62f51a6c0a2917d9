using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>The metadata of a decoder as llama.cpp's converter writes them: the opposite of <see cref="GgufConfig"/>.</summary>
internal static class GgufSettings
{
    /// <summary>Name of the architecture in GGUF, for a value of <c>model_type</c>.</summary>
    public static string Architecture(ModelConfig config) => config.Architecture switch
    {
        "llama" or "mistral" or "mixtral" => "llama",
        "qwen3_moe" => "qwen3moe",
        "gemma3_text" => "gemma3",
        string same => same,
    };

    public static void Write(GgufMetadata metadata, ModelConfig config)
    {
        string arch = Architecture(config);
        Refuse(config, arch);
        metadata.Set("general.architecture", GgufValue.Of(arch));
        metadata.Set("general.quantization_version", GgufValue.Of(2u));
        Count("context_length", config.MaxPositions);
        Count("embedding_length", config.HiddenSize);
        Count("block_count", config.Layers);
        Count("feed_forward_length", config.IntermediateSize);
        Count("attention.head_count", config.Heads);
        Count("attention.head_count_kv", config.KvHeads);
        Count("vocab_size", config.VocabularySize);
        Real(config.Norm == NormKind.Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", config.NormEpsilon);
        if (config.Rope is { } rope) WriteRope(rope);
        if (config.LayerConfigs.Max(l => l.Window) is > 0 and int window && arch != "llama") Count("attention.sliding_window", window);
        if (config.Moe is { } moe)
        {
            Count("expert_count", moe.Experts);
            Count("expert_used_count", moe.PerToken);
            Count("expert_feed_forward_length", moe.HiddenSize);
        }
        if (config.AttentionSoftcap > 0) Real("attn_logit_softcapping", config.AttentionSoftcap);
        if (config.LogitSoftcap > 0) Real("final_logit_softcapping", config.LogitSoftcap);

        void Count(string key, int value) => metadata.Set($"{arch}.{key}", GgufValue.Of((uint)value));

        void Real(string key, double value) => metadata.Set($"{arch}.{key}", GgufValue.Of((float)value));

        void WriteRope(RopeConfig rope)
        {
            Count("attention.key_length", config.HeadSize);
            Count("attention.value_length", config.HeadSize);
            Count("rope.dimension_count", rope.Dimensions);
            Real("rope.freq_base", rope.Theta);
            if (rope.Scaling is RopeScaling.Linear or RopeScaling.Yarn)
            {
                metadata.Set($"{arch}.rope.scaling.type", GgufValue.Of(rope.Scaling == RopeScaling.Linear ? "linear" : "yarn"));
                Real("rope.scaling.factor", rope.Factor);
            }
            if (rope.Scaling is RopeScaling.Yarn or RopeScaling.LongRope) Count("rope.scaling.original_context_length", rope.OriginalMaxPositions);
            if (rope.Scaling == RopeScaling.LongRope) Real("rope.scaling.attn_factor", rope.Table(config.HeadSize, 1).AttentionFactor);
        }
    }

    /// <summary>What the format, or llama.cpp's idea of an architecture, has no place for.</summary>
    private static void Refuse(ModelConfig config, string arch)
    {
        string? reason =
            config.Latent is not null ? "keys and values from a latent (EliteKV)"
            : config.Rope is { Scaling: RopeScaling.Dynamic } ? "rotary frequencies that follow the length (dynamic)"
            : arch == "llama" && config.LayerConfigs.Any(l => l.Window > 0) ? "a sliding window in this architecture"
            : config.LayerConfigs.Select(l => l.Sparse).Distinct().Count() > 1 ? "layers with experts beside layers without"
            : config.NormAddsOne && config.AttentionScale != ImpliedScale(config) ? $"a score factor of {config.AttentionScale} (it takes {ImpliedScale(config)})"
            : config.LocalRope is not null && config.LayerConfigs.Where((l, i) => l.Window > 0 == ((i + 1) % 6 == 0)).Any() ? "another pattern of sliding layers than five of six"
            : config.Layout == WeightLayout.Llama && config.Activation is not (Tensors.Ops.Activation.Silu or Tensors.Ops.Activation.GeluTanh) ? $"the activation {config.Activation}"
            : null;
        if (reason is not null) throw new HoneException($"a {config.Architecture} model cannot be written as GGUF: llama.cpp does not know {reason}. Save a Hugging Face folder instead.");
    }

    /// <summary>Gemma's score factor is not in the metadata: see <see cref="GgufConfig"/>.</summary>
    private static float ImpliedScale(ModelConfig config) =>
        (float)Math.Pow(GgufConfig.QueryScalar(config.Architecture, config.Layers, config.HiddenSize, config.Heads, config.HeadSize), -0.5);
}
