namespace Hone.Models.Config;

/// <summary>Which normalisation a model uses.</summary>
public enum NormKind
{
    /// <summary>Root mean square, a gain (arXiv:1910.07467).</summary>
    Rms,

    /// <summary>Mean and variance, a gain and a bias (arXiv:1607.06450).</summary>
    Layer,
}

/// <summary>Where a block normalises.</summary>
public enum NormPlacement
{
    /// <summary>In front of attention and MLP (Llama).</summary>
    Before,

    /// <summary>Behind them, before the result is added (OLMo 2).</summary>
    After,

    /// <summary>Both (Gemma 2 and 3).</summary>
    Both,
}

/// <summary>Normalisation of queries and keys, before rotation.</summary>
public enum QkNorm
{
    None,

    /// <summary>Each head on its own, one gain of length head size (Qwen 3, Gemma 3).</summary>
    PerHead,

    /// <summary>The whole projection at once (OLMo 2).</summary>
    Whole,
}

/// <summary>Which projections are stored as one matrix, and under which names.</summary>
public enum WeightLayout
{
    /// <summary>q, k, v, o and gate, up, down on their own, names as in Llama.</summary>
    Llama,

    /// <summary>q, k, v in one matrix, gate and up in one (Phi-3).</summary>
    Phi3,

    /// <summary>GPT-2: <c>c_attn</c>, <c>c_proj</c>, <c>c_fc</c>, stored [in, out].</summary>
    Gpt2,
}

/// <summary>Positions of a layer.</summary>
public enum LayerRope
{
    /// <summary>No rotation in this layer.</summary>
    None,

    /// <summary>The model's rotation.</summary>
    Global,

    /// <summary>The rotation of sliding layers where they have their own (Gemma 3).</summary>
    Local,
}

/// <summary>What differs between the layers of one model.</summary>
/// <param name="Window">Keys a query sees, itself included; 0 for all before it.</param>
/// <param name="Rope">Positions.</param>
/// <param name="Sparse">Whether the MLP is a mixture of experts.</param>
public readonly record struct LayerConfig(int Window, LayerRope Rope, bool Sparse);

/// <summary>Mixture of experts: softmax over all experts, the best few are run.</summary>
/// <param name="Experts">Number of experts.</param>
/// <param name="PerToken">Experts run for each token.</param>
/// <param name="HiddenSize">Inner width of an expert.</param>
/// <param name="Renormalise">Whether the chosen weights are divided by their sum.</param>
/// <param name="Prefix">Name of the module inside a layer, e.g. <c>block_sparse_moe</c>.</param>
/// <param name="Gate">Name of an expert's gate matrix; then of the one beside it, and of the one back.</param>
public sealed record MoeConfig(int Experts, int PerToken, int HiddenSize, bool Renormalise, string Prefix, string Gate, string Up, string Down);
