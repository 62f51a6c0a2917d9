namespace Hone.Models.Loading;

/// <summary>Names of the library's classes, which a config.json carries beside <c>model_type</c>.</summary>
internal static class ArchitectureNames
{
    /// <summary>E.g. <c>Qwen3ForCausalLM</c> for <c>qwen3</c>.</summary>
    public static string For(string modelType) => modelType switch
    {
        "llama" => "LlamaForCausalLM",
        "mistral" => "MistralForCausalLM",
        "mixtral" => "MixtralForCausalLM",
        "smollm3" => "SmolLM3ForCausalLM",
        "olmo2" => "Olmo2ForCausalLM",
        "phi3" => "Phi3ForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        "qwen3" => "Qwen3ForCausalLM",
        "qwen3_moe" => "Qwen3MoeForCausalLM",
        "gemma2" => "Gemma2ForCausalLM",
        "gemma3_text" => "Gemma3ForCausalLM",
        "gpt2" => "GPT2LMHeadModel",
        _ => throw new ArgumentOutOfRangeException(nameof(modelType), modelType, "no class name"),
    };
}
