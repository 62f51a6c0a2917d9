using Hone.Core;

namespace Hone.Models.Config;

/// <summary>Llama and those that differ from it by a setting or two. Defaults are those of the library's configuration classes.</summary>
internal static class LlamaFamily
{
    /// <summary>Llama 1 to 3, SmolLM, and whatever names itself so.</summary>
    public static ModelConfig Llama(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json);
        return config with
        {
            Rope = RopeJson.Read(json, config.HeadSize),
            QkvBias = json.Flag("attention_bias"),
            OutputBias = json.Flag("attention_bias"),
            MlpBias = json.Flag("mlp_bias"),
        };
    }

    /// <summary>A sliding window in every layer; an absent setting means 4096, null means none.</summary>
    public static ModelConfig Mistral(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, kvHeads: 8);
        return AllSliding(json, config, FamilyParts.Window(json, 4096));
    }

    public static ModelConfig Mixtral(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, epsilon: 1e-5, kvHeads: 8);
        int experts = json.Int("num_local_experts", 8, max: 4096);
        return AllSliding(json, config, FamilyParts.Window(json), 1e6, sparse: true) with
        {
            // Mixtral renormalises whatever the settings say.
            Moe = new(experts, json.Int("num_experts_per_tok", 2), config.IntermediateSize, true, "block_sparse_moe", "w1", "w3", "w2"),
        };
    }

    /// <summary>Some layers have no positions: an entry 0 in <c>no_rope_layers</c> means that the layer does NOT rotate.</summary>
    public static ModelConfig SmolLm3(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, tied: true, kvHeads: 4);
        int interval = json.Int("no_rope_layer_interval", 4);
        IReadOnlyList<int> rotates = json.Ints("no_rope_layers") ?? [.. Enumerable.Range(0, config.Layers).Select(i => (i + 1) % interval == 0 ? 0 : 1)];
        if (rotates.Count != config.Layers) throw new HoneException($"{json.Source}: 'no_rope_layers' has {rotates.Count} entries; expected {config.Layers}.");
        int window = json.Flag("use_sliding_window") ? FamilyParts.Window(json) ?? 0 : 0;
        Func<int, bool> slides = FamilyParts.Sliding(json, config.Layers, i => rotates[i] == 0);
        return config with
        {
            Rope = RopeJson.Read(json, config.HeadSize, 2e6),
            QkvBias = json.Flag("attention_bias"),
            OutputBias = json.Flag("attention_bias"),
            MlpBias = json.Flag("mlp_bias"),
            LayerConfigs = FamilyParts.Layers(config.Layers, i => new(slides(i) ? window : 0, rotates[i] == 0 ? LayerRope.None : LayerRope.Global, false)),
        };
    }

    public static ModelConfig Olmo2(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, epsilon: 1e-5);
        return config with
        {
            Rope = RopeJson.Read(json, config.HeadSize),
            NormPlacement = NormPlacement.After,
            QkNorm = QkNorm.Whole,
            QkvBias = json.Flag("attention_bias"),
            OutputBias = json.Flag("attention_bias"),
        };
    }

    public static ModelConfig Phi3(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, epsilon: 1e-5);
        return AllSliding(json, config, FamilyParts.Window(json)) with { Layout = WeightLayout.Phi3 };
    }

    private static ModelConfig AllSliding(ConfigJson json, ModelConfig config, int? window, double theta = 10_000, bool sparse = false)
    {
        Func<int, bool> slides = FamilyParts.Sliding(json, config.Layers, _ => true);
        return config with
        {
            Rope = RopeJson.Read(json, config.HeadSize, theta),
            LayerConfigs = FamilyParts.Layers(config.Layers, i => new(slides(i) ? window ?? 0 : 0, LayerRope.Global, sparse)),
        };
    }
}
