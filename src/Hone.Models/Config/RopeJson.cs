using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Models.Config;

/// <summary>
/// Reads rotary settings in both spellings: <c>rope_parameters</c> of transformers 5 (the base inside, for Gemma 3 one object
/// per layer type) and <c>rope_theta</c> + <c>rope_scaling</c> of transformers 4 (<c>type</c> or <c>rope_type</c>).
/// </summary>
internal static class RopeJson
{
    private static readonly Dictionary<string, RopeScaling> Kinds = new(StringComparer.Ordinal)
    {
        ["default"] = RopeScaling.Default,
        ["linear"] = RopeScaling.Linear,
        ["dynamic"] = RopeScaling.Dynamic,
        ["yarn"] = RopeScaling.Yarn,
        ["longrope"] = RopeScaling.LongRope,
        ["su"] = RopeScaling.LongRope,
        ["llama3"] = RopeScaling.Llama3,
    };

    /// <param name="json">The model's settings.</param>
    /// <param name="headSize">Channels per head.</param>
    /// <param name="theta">The architecture's base where none is given.</param>
    /// <param name="layerType">Key inside <c>rope_parameters</c> when it has one object per layer type.</param>
    public static RopeConfig Read(ConfigJson json, int headSize, double theta = 10_000, string layerType = "full_attention")
    {
        ConfigJson? parameters = json.Object("rope_parameters");
        if (parameters is not null && (parameters.Has("full_attention") || parameters.Has("sliding_attention")))
            parameters = parameters.Object(layerType);
        ConfigJson? scaling = parameters ?? json.Object("rope_scaling");
        double usedTheta = scaling?.Has("rope_theta") == true ? scaling.Number("rope_theta", min: 1) : json.Number("rope_theta", theta, 1);
        double partial = scaling?.Has("partial_rotary_factor") == true
            ? scaling.Number("partial_rotary_factor", min: 0, max: 1)
            : json.Number("partial_rotary_factor", 1, 0, 1);
        return Build(json, scaling, usedTheta, Rotated(json, headSize, partial));
    }

    /// <summary>Plain rotation with a base of its own, as Gemma 3's sliding layers have it in the older spelling.</summary>
    public static RopeConfig Plain(ConfigJson json, int headSize, double theta)
    {
        int max = json.Int("max_position_embeddings", 2048);
        return new() { Theta = theta, Dimensions = Rotated(json, headSize, 1), MaxPositions = max, OriginalMaxPositions = max };
    }

    private static int Rotated(ConfigJson json, int headSize, double partial)
    {
        int dimensions = (int)(headSize * partial);
        return dimensions >= 2 && dimensions % 2 == 0
            ? dimensions
            : throw new HoneException($"{json.Source}: rotary positions need an even number of channels per head; head size {headSize} × {partial} gives {dimensions}.");
    }

    private static RopeConfig Build(ConfigJson json, ConfigJson? scaling, double theta, int dimensions)
    {
        int max = json.Int("max_position_embeddings", 2048);
        if (scaling is null) return new() { Theta = theta, Dimensions = dimensions, MaxPositions = max, OriginalMaxPositions = max };
        string name = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        if (!Kinds.TryGetValue(name, out RopeScaling kind)) throw HoneException.Unknown($"rotary scaling (in {scaling.Source})", name, Kinds.Keys);
        int original = OriginalLength(json, scaling, kind, max);
        RopeConfig rope = new()
        {
            Scaling = kind,
            Theta = theta,
            Dimensions = dimensions,
            MaxPositions = max,
            OriginalMaxPositions = original,
            Factor = Factor(json, scaling, kind, (double)max / original),
            AttentionFactor = scaling.Has("attention_factor") ? scaling.Number("attention_factor") : null,
            BetaFast = scaling.Number("beta_fast", 32),
            BetaSlow = scaling.Number("beta_slow", 1),
            Truncate = scaling.Flag("truncate", true),
            MScale = scaling.Number("mscale", 0),
            MScaleAllDim = scaling.Number("mscale_all_dim", 0),
            LowFrequencyFactor = scaling.Number("low_freq_factor", 1, 1e-6),
            HighFrequencyFactor = scaling.Number("high_freq_factor", 4, 1e-6),
            ShortFactors = scaling.Numbers("short_factor") ?? [],
            LongFactors = scaling.Numbers("long_factor") ?? [],
        };
        if (kind == RopeScaling.LongRope) CheckFactors(scaling, rope);
        return rope;
    }

    private static int OriginalLength(ConfigJson json, ConfigJson scaling, RopeScaling kind, int max)
    {
        const string Name = "original_max_position_embeddings";
        if (scaling.Has(Name)) return scaling.Int(Name, max: int.MaxValue);
        if (kind == RopeScaling.LongRope) return json.Int(Name, json.Text("model_type") == "phi3" ? 4096 : max);
        if (kind == RopeScaling.Llama3) throw scaling.Missing(Name);
        return max;
    }

    private static double Factor(ConfigJson json, ConfigJson scaling, RopeScaling kind, double lengths) => kind switch
    {
        RopeScaling.Default => 1,
        // Phi-3 gives no factor: it follows from the two lengths, also where another one is written beside them.
        RopeScaling.LongRope when lengths != 1 || !scaling.Has("factor") => lengths,
        RopeScaling.Yarn when !scaling.Has("factor") => lengths,
        _ => scaling.Number("factor", min: 1e-6),
    };

    private static void CheckFactors(ConfigJson scaling, RopeConfig rope)
    {
        foreach ((string name, IReadOnlyList<double> factors) in new[] { ("short_factor", rope.ShortFactors), ("long_factor", rope.LongFactors) })
            if (factors.Count != rope.Dimensions / 2 || factors.Any(f => f <= 0))
                throw scaling.Wrong(name, JsonValue.Create($"{factors.Count} values"), $"{rope.Dimensions / 2} positive numbers, one per frequency");
    }
}
