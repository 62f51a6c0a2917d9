using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Tensors.Ops;

namespace Hone.Models.Config;

/// <summary>
/// Everything that tells one decoder from another. Made from a <c>config.json</c> (or from GGUF metadata or a llama2.c header,
/// which are first put into the words of a config.json), and only so: <see cref="Json"/> is what is saved again.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The settings this was made from, in the words of transformers.</summary>
    public required JsonObject Json { get; init; }

    /// <summary><c>model_type</c>, e.g. <c>qwen3</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>V.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>C, width of the residual stream.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Inner width of the dense MLP.</summary>
    public required int IntermediateSize { get; init; }

    public required int Layers { get; init; }

    /// <summary>H.</summary>
    public required int Heads { get; init; }

    /// <summary>K; H / K queries share one key and value head.</summary>
    public required int KvHeads { get; init; }

    /// <summary>D, a setting of its own: it need not be C / H.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Longest input, in tokens.</summary>
    public required int MaxPositions { get; init; }

    public NormKind Norm { get; init; } = NormKind.Rms;

    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>Gains are stored minus one (Gemma).</summary>
    public bool NormAddsOne { get; init; }

    public NormPlacement NormPlacement { get; init; } = NormPlacement.Before;

    public QkNorm QkNorm { get; init; } = QkNorm.None;

    /// <summary>The MLP's non-linearity.</summary>
    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>down(act(gate(x)) · up(x)) instead of down(act(up(x))).</summary>
    public bool GatedMlp { get; init; } = true;

    /// <summary>Bias on q, k and v.</summary>
    public bool QkvBias { get; init; }

    /// <summary>Bias on attention's output projection.</summary>
    public bool OutputBias { get; init; }

    /// <summary>Bias on the MLP's matrices.</summary>
    public bool MlpBias { get; init; }

    public WeightLayout Layout { get; init; } = WeightLayout.Llama;

    /// <summary>Rotary positions; null where positions are learned.</summary>
    public RopeConfig? Rope { get; init; }

    /// <summary>Rotation of layers marked <see cref="LayerRope.Local"/>.</summary>
    public RopeConfig? LocalRope { get; init; }

    /// <summary>One entry per layer.</summary>
    public required IReadOnlyList<LayerConfig> LayerConfigs { get; init; }

    /// <summary>Factor on queries · keys.</summary>
    public required float AttentionScale { get; init; }

    /// <summary>GPT-2's option: scores of layer l are also divided by l + 1.</summary>
    public bool ScaleByLayer { get; init; }

    /// <summary>cap · tanh(score / cap) on attention scores; 0 for none.</summary>
    public float AttentionSoftcap { get; init; }

    /// <summary>The same on the final logits.</summary>
    public float LogitSoftcap { get; init; }

    /// <summary>Factor on embeddings.</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>The head is the embedding table.</summary>
    public bool TiedHead { get; init; }

    public MoeConfig? Moe { get; init; }

    /// <summary>Keys and values from a low-rank latent; null for full heads.</summary>
    public LatentConfig? Latent { get; init; }

    /// <summary>Tokens that end a text, as the settings name them (generation_config.json may name others).</summary>
    public IReadOnlyList<int> EosIds { get; init; } = [];

    public int? BosId { get; init; }

    public int? PadId { get; init; }

    /// <summary>Standard deviation of random initial weights.</summary>
    public float InitializerRange { get; init; } = 0.02f;

    /// <summary>H / K.</summary>
    public int GroupSize => Heads / KvHeads;

    /// <summary>Width of the queries, H · D.</summary>
    public int QueryWidth => Heads * HeadSize;

    /// <summary>Width of the keys and of the values, K · D.</summary>
    public int KvWidth => KvHeads * HeadSize;

    /// <summary>Numbers that a cache holds for a token and layer: 2 K D, or 2 r K + c with a latent.</summary>
    public int KvNumbersPerToken => Latent is null ? 2 * KvWidth : 2 * Latent.Chunks * KvHeads + Latent.Width;

    /// <summary>fp32 bytes that one token's keys and values take over all layers.</summary>
    public long KvBytesPerToken => (long)sizeof(float) * KvNumbersPerToken * Layers;

    /// <summary>Number of weights in matrices, a tied head counted once; norms and biases add next to nothing.</summary>
    public long MatrixWeights
    {
        get
        {
            long attention = AttentionWeights, dense = (GatedMlp ? 3L : 2L) * HiddenSize * IntermediateSize;
            long experts = Moe is null ? 0 : Moe.Experts * (1L + 3L * Moe.HiddenSize) * HiddenSize;
            long tables = (long)VocabularySize * HiddenSize * (TiedHead ? 1 : 2) + (Rope is null ? (long)MaxPositions * HiddenSize : 0);
            return tables + LayerConfigs.Sum(layer => attention + (layer.Sparse ? experts : dense));
        }
    }

    private long AttentionWeights => 2L * HiddenSize * QueryWidth + (Latent is null ? 2L * HiddenSize * KvWidth
        : (2L * Latent.Chunks * KvHeads + Latent.Width) * HiddenSize
            + (long)KvHeads * ((HeadSize - 2L * Latent.Chunks) * Latent.KeyRank + (long)HeadSize * Latent.ValueRank));

    /// <summary>Heads, scale, window and cap of a layer's attention.</summary>
    /// <param name="layer">0 to number of layers - 1.</param>
    public AttentionOptions Attention(int layer) => new()
    {
        Heads = Heads,
        KvHeads = KvHeads,
        Scale = AttentionScale / (ScaleByLayer ? layer + 1 : 1),
        Window = LayerConfigs[layer].Window,
        Softcap = AttentionSoftcap,
    };

    /// <summary>Which rotary frequencies an input of this length uses: see <see cref="RopeConfig.Variant"/>.</summary>
    public int RopeVariant(int length) => Rope?.Variant(length) ?? 0;

    /// <summary>Reads settings in the words of transformers 4 or 5.</summary>
    /// <param name="json">Content of a config.json; copied.</param>
    /// <param name="source">Where it came from, for messages.</param>
    /// <exception cref="HoneException">Unknown architecture, a missing or impossible setting.</exception>
    public static ModelConfig FromJson(JsonObject json, string source = "config.json") => Families.Read(json, source);

    /// <summary>The same model with one setting changed, e.g. <c>vocab_size</c>.</summary>
    public ModelConfig With(string setting, JsonNode? value)
    {
        JsonObject json = (JsonObject)Json.DeepClone();
        json[setting] = value;
        return FromJson(json, $"config with {setting} = {value?.ToJsonString() ?? "null"}");
    }
}
