namespace Hone.Models.Config;

/// <summary>Gemma 2 and the text models of Gemma 3: four norms a layer with gains stored minus one, scaled embeddings.</summary>
internal static class GemmaFamily
{
    /// <summary>Every second layer slides, starting with the first; scores and logits are capped.</summary>
    public static ModelConfig Gemma2(ConfigJson json)
    {
        ModelConfig config = Gemma(json);
        int window = FamilyParts.Window(json, 4096) ?? 0;
        Func<int, bool> slides = FamilyParts.Sliding(json, config.Layers, i => i % 2 == 0);
        return config with
        {
            AttentionSoftcap = Softcap(json, "attn_logit_softcapping", 50),
            LogitSoftcap = Softcap(json, "final_logit_softcapping", 30),
            LayerConfigs = FamilyParts.Layers(config.Layers, i => new(slides(i) ? window : 0, LayerRope.Global, false)),
        };
    }

    /// <summary>All but every sixth layer slide, with a rotary base of their own.</summary>
    public static ModelConfig Gemma3(ConfigJson json)
    {
        ModelConfig config = Gemma(json);
        int window = FamilyParts.Window(json, 4096) ?? 0;
        int pattern = json.Int("sliding_window_pattern", json.Int("_sliding_window_pattern", 6));
        Func<int, bool> slides = FamilyParts.Sliding(json, config.Layers, i => (i + 1) % pattern != 0);
        bool newSpelling = json.Object("rope_parameters")?.Has("sliding_attention") == true;
        return config with
        {
            QkNorm = QkNorm.PerHead,
            Rope = RopeJson.Read(json, config.HeadSize, 1e6),
            LocalRope = newSpelling
                ? RopeJson.Read(json, config.HeadSize, 1e4, "sliding_attention")
                : RopeJson.Plain(json, config.HeadSize, json.Number("rope_local_base_freq", 1e4, 1)),
            AttentionSoftcap = Softcap(json, "attn_logit_softcapping", 0),
            LogitSoftcap = Softcap(json, "final_logit_softcapping", 0),
            LayerConfigs = FamilyParts.Layers(config.Layers, i => new(slides(i) ? window : 0, slides(i) ? LayerRope.Local : LayerRope.Global, false)),
        };
    }

    private static ModelConfig Gemma(ConfigJson json)
    {
        ModelConfig config = FamilyParts.Base(json, tied: true, kvHeads: 4, headSize: 256);
        return config with
        {
            NormAddsOne = true,
            NormPlacement = NormPlacement.Both,
            Activation = FamilyParts.ActivationOf(json, json.Has("hidden_activation") ? "hidden_activation" : "hidden_act", "gelu_pytorch_tanh"),
            Rope = RopeJson.Read(json, config.HeadSize),
            AttentionScale = (float)Math.Pow(json.Number("query_pre_attn_scalar", 256, 1e-6), -0.5),
            EmbeddingScale = MathF.Sqrt(config.HiddenSize),
            QkvBias = json.Flag("attention_bias"),
            OutputBias = json.Flag("attention_bias"),
        };
    }

    private static float Softcap(ConfigJson json, string name, float fallback) => json.Mentions(name) ? json.Optional(name) : fallback;
}
