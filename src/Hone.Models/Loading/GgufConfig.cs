using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Formats;

namespace Hone.Models.Loading;

/// <summary>
/// Puts a GGUF file's metadata into the words of a config.json, so that one reader serves both and a model loaded from GGUF can
/// be saved as a Hugging Face folder. Keys: github.com/ggml-org/ggml, docs/gguf.md.
/// </summary>
internal static class GgufConfig
{
    private static readonly Dictionary<string, string> ModelTypes = new(StringComparer.Ordinal)
    {
        ["llama"] = "llama",
        ["qwen2"] = "qwen2",
        ["qwen3"] = "qwen3",
        ["qwen3moe"] = "qwen3_moe",
        ["phi3"] = "phi3",
        ["gemma2"] = "gemma2",
        ["gemma3"] = "gemma3_text",
        ["olmo2"] = "olmo2",
        ["smollm3"] = "smollm3",
        ["gpt2"] = "gpt2",
    };

    public static ModelConfig Read(GgufFile file)
    {
        Source source = new(file);
        if (!ModelTypes.TryGetValue(source.Architecture, out string? type))
            throw HoneException.Unknown($"GGUF architecture (in {file.Path})", source.Architecture, ModelTypes.Keys);
        if (type == "llama" && source.Integer("expert_count") > 0) type = "mixtral";
        JsonObject json = type == "gpt2" ? Gpt2(source) : Common(source, type);
        json["model_type"] = type;
        json["architectures"] = new JsonArray(ArchitectureNames.For(type));
        AddTokens(source, json);
        return ModelConfig.FromJson(json, file.Path);
    }

    private static JsonObject Common(Source source, string type)
    {
        long heads = source.Need("attention.head_count"), width = source.Need("embedding_length");
        JsonObject json = new()
        {
            ["vocab_size"] = source.Vocabulary(),
            ["hidden_size"] = width,
            ["intermediate_size"] = source.Integer("feed_forward_length") ?? source.Need("expert_feed_forward_length"),
            ["num_hidden_layers"] = source.Need("block_count"),
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = source.Integer("attention.head_count_kv") ?? heads,
            ["head_dim"] = source.Integer("attention.key_length") ?? width / Math.Max(1, heads),
            ["max_position_embeddings"] = source.Integer("context_length") ?? 2048,
            ["rms_norm_eps"] = source.Number("attention.layer_norm_rms_epsilon") ?? 1e-6,
            ["rope_theta"] = source.Number("rope.freq_base") ?? 10_000,
            ["tie_word_embeddings"] = !source.HasTensor("output.weight"),
            ["attention_bias"] = source.HasTensor("blk.0.attn_output.bias"),
            ["mlp_bias"] = source.HasTensor("blk.0.ffn_down.bias"),
            ["hidden_act"] = "silu",
        };
        AddFamily(source, type, json);
        GgufRope.Add(source, json);
        return json;
    }

    private static void AddFamily(Source source, string type, JsonObject json)
    {
        if (source.Integer("attention.sliding_window") is > 0 and long window) json["sliding_window"] = window;
        if (type is "mixtral" or "qwen3_moe")
        {
            json[type == "mixtral" ? "num_local_experts" : "num_experts"] = source.Need("expert_count");
            json["num_experts_per_tok"] = source.Need("expert_used_count");
            if (type == "qwen3_moe") (json["moe_intermediate_size"], json["norm_topk_prob"]) = (source.Need("expert_feed_forward_length"), true);
        }
        if (type is "gemma2" or "gemma3_text")
        {
            json["hidden_activation"] = "gelu_pytorch_tanh";
            json["attn_logit_softcapping"] = source.Number("attn_logit_softcapping");
            json["final_logit_softcapping"] = source.Number("final_logit_softcapping");
            json["query_pre_attn_scalar"] = QueryScalar(type, Number("num_hidden_layers"), Number("hidden_size"), Number("num_attention_heads"), Number("head_dim"));
            if (type == "gemma3_text") json["rope_local_base_freq"] = source.Number("rope.freq_base_swa") ?? 10_000;
        }

        long Number(string name) => (long)json[name]!;
    }

    /// <summary>Not in the metadata: the head size, but for the two largest models, where it is width / heads.</summary>
    public static long QueryScalar(string type, long layers, long width, long heads, long headSize)
    {
        bool largest = (type == "gemma2" && layers == 46) || (type == "gemma3_text" && layers == 62);
        return largest ? width / heads : headSize;
    }

    private static JsonObject Gpt2(Source source) => new()
    {
        ["vocab_size"] = source.Vocabulary(),
        ["n_embd"] = source.Need("embedding_length"),
        ["n_head"] = source.Need("attention.head_count"),
        ["n_layer"] = source.Need("block_count"),
        ["n_inner"] = source.Need("feed_forward_length"),
        ["n_positions"] = source.Need("context_length"),
        ["layer_norm_epsilon"] = source.Number("attention.layer_norm_epsilon") ?? 1e-5,
        ["activation_function"] = "gelu_new",
        ["tie_word_embeddings"] = !source.HasTensor("output.weight"),
    };

    private static void AddTokens(Source source, JsonObject json)
    {
        foreach (string token in new[] { "bos", "eos" })
            if (source.File.Metadata.Integer($"tokenizer.ggml.{token}_token_id") is { } id && id >= 0 && id < int.MaxValue) json[$"{token}_token_id"] = id;
        if (source.File.Metadata.Integer("tokenizer.ggml.padding_token_id") is { } pad && pad >= 0 && pad < int.MaxValue) json["pad_token_id"] = pad;
    }

    /// <summary>Metadata of one file under its architecture's prefix.</summary>
    internal sealed class Source(GgufFile file)
    {
        public GgufFile File => file;

        public string Architecture { get; } = file.Metadata.Text("general.architecture")
            ?? throw new HoneException($"{file.Path}: metadata 'general.architecture' is missing. Is this a model, or only a tokenizer or an adapter?");

        public long? Integer(string key) => file.Metadata.Integer($"{Architecture}.{key}");

        public double? Number(string key) => file.Metadata.Number($"{Architecture}.{key}");

        public string? Text(string key) => file.Metadata.Text($"{Architecture}.{key}");

        public long Need(string key) => Integer(key) ?? throw new HoneException($"{file.Path}: metadata '{Architecture}.{key}' is missing.");

        public bool HasTensor(string name) => file.Entries.ContainsKey(name);

        /// <summary>Rows of the embedding table: <c>vocab_size</c> is optional, and the list of tokens may be shorter than the table.</summary>
        public long Vocabulary() => file.Entries.TryGetValue("token_embd.weight", out WeightEntry? table)
            ? table.Rows
            : throw new HoneException($"{file.Path}: tensor 'token_embd.weight' is missing.");
    }
}
