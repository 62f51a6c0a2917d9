using Hone.Core;
using Hone.Tensors.Ops;

namespace Hone.Models.Config;

/// <summary>What the families share.</summary>
internal static class FamilyParts
{
    private static readonly Dictionary<string, Activation> Activations = new(StringComparer.Ordinal)
    {
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["gelu"] = Activation.GeluErf,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["relu"] = Activation.Relu,
        ["relu2"] = Activation.ReluSquared,
    };

    /// <summary>The settings that nearly all families spell alike; rotation in every layer, full attention.</summary>
    public static ModelConfig Base(ConfigJson json, double epsilon = 1e-6, bool tied = false, int? kvHeads = null, int? headSize = null)
    {
        int hidden = json.Int("hidden_size"), heads = json.Int("num_attention_heads"), layers = json.Int("num_hidden_layers", max: 4096);
        int head = json.Int("head_dim", headSize ?? Math.Max(1, hidden / heads));
        return new()
        {
            Json = [],
            Architecture = json.Text("model_type")!,
            VocabularySize = json.Int("vocab_size"),
            HiddenSize = hidden,
            IntermediateSize = json.Int("intermediate_size"),
            Layers = layers,
            Heads = heads,
            KvHeads = json.Int("num_key_value_heads", kvHeads ?? heads),
            HeadSize = head,
            MaxPositions = json.Int("max_position_embeddings", 2048),
            NormEpsilon = (float)json.Number("rms_norm_eps", epsilon, 0, 1),
            Activation = ActivationOf(json, "hidden_act", "silu"),
            AttentionScale = (float)(1 / Math.Sqrt(head)),
            TiedHead = json.Flag("tie_word_embeddings", tied),
            LayerConfigs = Layers(layers, _ => new(0, LayerRope.Global, false)),
            EosIds = json.Ints("eos_token_id") ?? [],
            BosId = TokenId(json, "bos_token_id"),
            PadId = TokenId(json, "pad_token_id"),
            InitializerRange = (float)json.Number("initializer_range", 0.02, 0, 10),
        };
    }

    public static Activation ActivationOf(ConfigJson json, string setting, string fallback)
    {
        string name = json.Text(setting) ?? fallback;
        return Activations.TryGetValue(name, out Activation found) ? found : throw HoneException.Unknown($"activation (in {json.Source})", name, Activations.Keys);
    }

    public static IReadOnlyList<LayerConfig> Layers(int count, Func<int, LayerConfig> of) => [.. Enumerable.Range(0, count).Select(of)];

    /// <summary>Whether each layer slides: <c>layer_types</c> decides where present, else the family's rule.</summary>
    public static Func<int, bool> Sliding(ConfigJson json, int layers, Func<int, bool> rule)
    {
        if (json.Texts("layer_types") is not { } types) return rule;
        if (types.Count != layers) throw new HoneException($"{json.Source}: 'layer_types' has {types.Count} entries; expected {layers}, one per layer.");
        foreach (string type in types)
            if (type is not ("full_attention" or "sliding_attention"))
                throw HoneException.Unknown($"layer type (in {json.Source})", type, ["full_attention", "sliding_attention"]);
        return layer => types[layer] == "sliding_attention";
    }

    /// <summary>Size of the window, or null when there is none; <paramref name="fallback"/> where the setting is absent (not null).</summary>
    public static int? Window(ConfigJson json, int? fallback = null) =>
        json.Has("sliding_window") ? json.Int("sliding_window", max: int.MaxValue) : json.Mentions("sliding_window") ? null : fallback;

    /// <summary>Refuses settings that do not fit together.</summary>
    public static void Check(ModelConfig config, string source)
    {
        if (config.Heads % config.KvHeads != 0)
            throw new HoneException($"{source}: {config.Heads} attention heads cannot share {config.KvHeads} key-value heads; expected a divisor.");
        if (config.Moe is { } moe && moe.PerToken > moe.Experts)
            throw new HoneException($"{source}: {moe.PerToken} experts per token of {moe.Experts}.");
        CheckSize(source, "embedding table", config.VocabularySize, config.HiddenSize);
        CheckSize(source, "MLP", config.IntermediateSize, 2L * config.HiddenSize);
        if (config.Moe is not null) CheckSize(source, "expert", config.Moe.HiddenSize, config.HiddenSize);
        if (config.Rope is null) CheckSize(source, "position table", config.MaxPositions, config.HiddenSize);
        CheckSize(source, "attention", (long)config.Heads * config.HeadSize + 2L * config.KvHeads * config.HeadSize, config.HiddenSize);
    }

    public static void CheckSize(string source, string what, long rows, long columns)
    {
        if (rows * columns > int.MaxValue)
            throw new HoneException($"{source}: {what} of {rows} × {columns} numbers is larger than a tensor may be ({int.MaxValue} numbers).");
    }

    private static int? TokenId(ConfigJson json, string name) => json.Ints(name, -1) is [int id, ..] && id >= 0 ? id : null;
}
