namespace Hone.Models.Config;

/// <summary>Qwen 2, 2.5, 3 and the mixture of experts of Qwen 3.</summary>
internal static class QwenFamily
{
    /// <summary>Bias on q, k, v and none on the output.</summary>
    public static ModelConfig Qwen2(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json);
        return Sliding(json, config) with { Rope = RopeJson.Read(json, config.HeadSize), QkvBias = true };
    }

    /// <summary>Queries and keys normalised per head before rotation.</summary>
    public static ModelConfig Qwen3(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, headSize: 128);
        return Sliding(json, Normed(json, config));
    }

    /// <summary>Layer i is sparse if it is not in <c>mlp_only_layers</c> and (i + 1) is a multiple of <c>decoder_sparse_step</c>.</summary>
    public static ModelConfig Qwen3Moe(ConfigJson json)
    {
        ModelConfig config = Normed(json, FamilyParts.Base(json, kvHeads: 4));
        int step = json.Int("decoder_sparse_step", 1);
        IReadOnlyList<int> dense = json.Ints("mlp_only_layers") ?? [];
        int window = json.Flag("use_sliding_window") ? FamilyParts.Window(json, 4096) ?? 0 : 0;
        int experts = json.Int("num_experts", json.Int("num_local_experts", 128, max: 4096), max: 4096);
        return config with
        {
            LayerConfigs = FamilyParts.Layers(config.Layers, i => new(window, LayerRope.Global, !dense.Contains(i) && (i + 1) % step == 0)),
            Moe = new(experts, json.Int("num_experts_per_tok", 8), json.Int("moe_intermediate_size", 768), json.Flag("norm_topk_prob"), "mlp", "gate_proj", "up_proj", "down_proj"),
        };
    }

    private static ModelConfig Normed(ConfigJson json, ModelConfig config) => config with
    {
        Rope = RopeJson.Read(json, config.HeadSize),
        QkNorm = QkNorm.PerHead,
        QkvBias = json.Flag("attention_bias"),
        OutputBias = json.Flag("attention_bias"),
    };

    /// <summary>Only layers from <c>max_window_layers</c> on slide, and only if <c>use_sliding_window</c> says so.</summary>
    private static ModelConfig Sliding(ConfigJson json, ModelConfig config)
    {
        int window = json.Flag("use_sliding_window") ? FamilyParts.Window(json, 4096) ?? 0 : 0;
        int first = json.Int("max_window_layers", 28, 0);
        Func<int, bool> slides = FamilyParts.Sliding(json, config.Layers, i => i >= first);
        return config with { LayerConfigs = FamilyParts.Layers(config.Layers, i => new(slides(i) ? window : 0, LayerRope.Global, false)) };
    }
}
