using System.Text.RegularExpressions;
using Hone.Models.Config;

namespace Hone.Models.Loading;

/// <summary>Where a weight named as in Hugging Face files lies in a GGUF file.</summary>
/// <param name="Name">Tensor name.</param>
/// <param name="Expert">Index along the first dimension of a tensor that holds all experts, or -1.</param>
public readonly record struct GgufPlace(string Name, int Expert = -1);

/// <summary>Translates weight names between Hugging Face and GGUF, for the architectures known here.</summary>
public static partial class GgufNames
{
    private static readonly Dictionary<string, string> Outside = new(StringComparer.Ordinal)
    {
        ["model.embed_tokens"] = "token_embd",
        ["model.norm"] = "output_norm",
        ["lm_head"] = "output",
        ["transformer.wte"] = "token_embd",
        ["transformer.wpe"] = "position_embd",
        ["transformer.ln_f"] = "output_norm",
    };

    private static readonly Dictionary<string, string> Inside = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["pre_feedforward_layernorm"] = "ffn_norm",
        ["post_feedforward_layernorm"] = "post_ffw_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.qkv_proj"] = "attn_qkv",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.gate_up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["block_sparse_moe.gate"] = "ffn_gate_inp",
        ["ln_1"] = "attn_norm",
        ["attn.c_attn"] = "attn_qkv",
        ["attn.c_proj"] = "attn_output",
        ["ln_2"] = "ffn_norm",
        ["mlp.c_fc"] = "ffn_up",
        ["mlp.c_proj"] = "ffn_down",
    };

    private static readonly Dictionary<string, string> Expert = new(StringComparer.Ordinal)
    {
        ["w1"] = "ffn_gate_exps",
        ["w2"] = "ffn_down_exps",
        ["w3"] = "ffn_up_exps",
        ["gate_proj"] = "ffn_gate_exps",
        ["down_proj"] = "ffn_down_exps",
        ["up_proj"] = "ffn_up_exps",
    };

    /// <summary>The place of a weight, e.g. <c>model.layers.3.self_attn.q_proj.weight</c> → <c>blk.3.attn_q.weight</c>.</summary>
    /// <exception cref="ArgumentException">Not a weight of a known architecture.</exception>
    public static GgufPlace For(ModelConfig config, string name)
    {
        int dot = name.LastIndexOf('.');
        (string module, string kind) = (name[..dot], name[dot..]);
        if (Outside.TryGetValue(module, out string? outer)) return new(outer + kind);
        Match layer = LayerPattern().Match(module);
        if (!layer.Success) throw new ArgumentException($"'{name}' has no place in a GGUF file");
        (string block, string part) = ($"blk.{layer.Groups[1].Value}.", layer.Groups[2].Value);
        Match expert = ExpertPattern().Match(part);
        if (expert.Success) return new(block + Expert[expert.Groups[2].Value] + kind, int.Parse(expert.Groups[1].Value));
        // One name, two roles: in front of the MLP in Llama, behind attention in Gemma and OLMo 2.
        if (part == "post_attention_layernorm") return new(block + (config.NormPlacement == NormPlacement.Before ? "ffn_norm" : "post_attention_norm") + kind);
        return Inside.TryGetValue(part, out string? inner) ? new(block + inner + kind) : throw new ArgumentException($"'{name}' has no place in a GGUF file");
    }

    /// <summary>Whether q and k rows are stored so that rotation acts on adjacent pairs: files of the llama architecture and of SmolLM 3.</summary>
    public static bool StoresAdjacentPairs(ModelConfig config) => config.Architecture is "llama" or "mistral" or "mixtral" or "smollm3";

    /// <summary>Whether a gain is stored with the one added that Gemma leaves out.</summary>
    public static bool StoresGainPlusOne(ModelConfig config, string name) => config.NormAddsOne && name.EndsWith("norm.weight", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?:model\.layers|transformer\.h)\.(\d+)\.(.+)$")]
    private static partial Regex LayerPattern();

    [GeneratedRegex(@"^(?:mlp|block_sparse_moe)\.experts\.(\d+)\.(\w+)$")]
    private static partial Regex ExpertPattern();
}
