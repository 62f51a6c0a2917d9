using System.Text.Json.Nodes;

namespace Hone.Tests.Inference.Caches;

/// <summary>kvpress's names and settings in our words.</summary>
internal static class PressNames
{
    public static string? Of(string press, JsonObject settings)
    {
        int open = press.IndexOf('(');
        if (open < 0 || press.Contains('[')) return Policy(press, settings) is { } policy ? $"policy={policy}" : null;
        string outer = press[..open], inner = press[(open + 1)..^1];
        if (Policy(inner, settings) is not { } wrapped) return null;
        string N(string key, string ours) => settings[key] is { } value ? $",{ours}={value}" : "";
        return outer switch
        {
            "AdaKVPress" => $"policy={wrapped},allocate=adakv{N("alpha_safeguard", "safeguard")}",
            "KeyRerotationPress" => $"policy={wrapped},rerotate=true",
            "ChunkKVPress" => $"policy={wrapped},allocate=chunkkv{N("chunk_length", "chunk")}",
            "ChunkPress" => $"policy={wrapped},allocate=stretches{N("chunk_length", "chunk")}",
            "BlockPress" => $"policy={wrapped}{N("block_size", "block")}",
            "CriticalKVPress" => $"policy={wrapped},allocate=critical{N("first_stage_ratio", "first_stage")}",
            "CriticalAdaKVPress" => $"policy={wrapped},allocate=critical,head_wise=true{N("first_stage_ratio", "first_stage")}{N("alpha_safeguard", "safeguard")}",
            "MergingPress" => $"policy={wrapped},also=merge",
            _ => null,
        };
    }

    private static string? Policy(string press, JsonObject s)
    {
        string N(string key, string ours) => s[key] is { } value ? $",{ours}={value.ToJsonString().Trim('"')}" : "";
        string snap = N("window_size", "window") + N("kernel_size", "kernel");
        return press switch
        {
            "KnormPress" => "knorm",
            "FinchPress" => "finch" + N("window_size", "window") + N("normalize_scores", "normalise") + N("rerotate_keys", "rerotate")
                + (s["chunk_length"] is { } chunk ? $",allocate=stretches,chunk={chunk}" : ""),
            "SimLayerKVPress" => "simlayerkv" + N("n_last", "last") + N("n_recent", "recent") + N("n_initial", "initial"),
            "ThinKPress" => "full,format=think" + N("window_size", "window"),
            "ComposedPress[SnapKVPress(r), ThinKPress(0.5)]" => "snapkv" + snap + ",format=think,channels=0.5" + N("window_size", "format.window"),
            "StreamingLLMPress" => "streaming_llm" + N("n_sink", "sinks"),
            "SnapKVPress" => "snapkv" + snap,
            "PyramidKVPress" => "pyramidkv" + snap + N("beta", "beta"),
            "TOVAPress" => "tova",
            "ObservedAttentionPress" => "observed_attention",
            "KeyDiffPress" => "keydiff",
            "LagKVPress" => "lagkv" + N("n_sink", "sinks") + N("lag_size", "lag") + N("cross_scoring", "across"),
            "CURPress" => "cur" + N("num_sinks", "sinks") + ((string)s["leverage_type"]! switch { "key" => ",weight=keys", "value" => ",weight=values", "kv_avg" => ",weight=mean", _ => "" })
                + $",window={((bool)s["use_local_approximation"]! ? (int)s["local_window_size"]! : 0)}",
            "CapPress" => "cap" + N("tau", "sharpness") + N("n_future_positions", "future") + N("n_sink", "sinks") + N("epsilon", "epsilon"),
            "NonCausalAttnPress" => "non_causal" + N("chunk_size", "chunk"),
            "ExpectedAttentionPress" => "expected_attention" + N("n_future_positions", "future") + N("n_sink", "sinks")
                + N("use_covariance", "covariance") + N("use_vnorm", "value_norm") + N("epsilon", "epsilon"),
            _ => null,
        };
    }
}
