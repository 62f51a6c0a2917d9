using System.Text.Json;
using Hone.Tensors.Ops;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Inverse frequencies and factors against those recorded from the reference library, which holds them in fp32.</summary>
public sealed class RopeFrequenciesTests
{
    [Theory]
    [InlineData("llama_rope_linear")]
    [InlineData("llama_rope_dynamic")]
    [InlineData("llama_rope_yarn")]
    [InlineData("llama_rope_llama3")]
    [InlineData("phi3_longrope")]
    [InlineData("llama_gqa")]
    public void Frequencies_are_those_of_the_reference(string model)
    {
        string folder = SharedData.Require("data/golden/inference/models/" + model);
        JsonElement config = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "config.json"))).RootElement;
        JsonElement rope = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "expected.json"))).RootElement.GetProperty("rope");
        Compare(config, rope, 1);
        if (!rope.TryGetProperty("at_length", out JsonElement lengths)) return;
        foreach (JsonProperty length in lengths.EnumerateObject()) Compare(config, length.Value, int.Parse(length.Name));
    }

    private static void Compare(JsonElement config, JsonElement expected, int length)
    {
        (double[] frequencies, double factor) = Build(config, length);
        double[] known = [.. expected.GetProperty("inv_freq").EnumerateArray().Select(value => value.GetDouble())];
        Assert.Equal(known.Length, frequencies.Length);
        for (int i = 0; i < known.Length; i++) Assert.Equal(1, frequencies[i] / known[i], 5e-7);
        Assert.Equal(expected.GetProperty("factor_on_cos_sin").GetDouble(), factor, 1e-8);
    }

    private static (double[] Frequencies, double Factor) Build(JsonElement config, int length)
    {
        int size = config.TryGetProperty("head_dim", out JsonElement head)
            ? head.GetInt32() : config.GetProperty("hidden_size").GetInt32() / config.GetProperty("num_attention_heads").GetInt32();
        JsonElement rope = config.GetProperty("rope_parameters");
        double theta = Number("rope_theta");
        int longest = config.GetProperty("max_position_embeddings").GetInt32();
        return rope.GetProperty("rope_type").GetString() switch
        {
            "linear" => (RopeFrequencies.Linear(size, theta, Number("factor")), 1),
            "dynamic" => (RopeFrequencies.DynamicNtk(size, theta, Number("factor"), longest, length), 1),
            "yarn" => (RopeFrequencies.Yarn(size, theta, Number("factor"), (int)Number("original_max_position_embeddings")),
                RopeFrequencies.YarnAttentionFactor(Number("factor"))),
            "llama3" => (RopeFrequencies.Llama3(size, theta, Number("factor"), Number("low_freq_factor"), Number("high_freq_factor"),
                (int)Number("original_max_position_embeddings")), 1),
            "longrope" => (RopeFrequencies.LongRope(size, theta, Factors(length)),
                RopeFrequencies.LongRopeAttentionFactor(longest, (int)Number("original_max_position_embeddings"))),
            _ => (RopeFrequencies.Default(size, theta), 1),
        };

        double Number(string name) => rope.GetProperty(name).GetDouble();

        double[] Factors(int tokens) =>
            [.. rope.GetProperty(tokens > Number("original_max_position_embeddings") ? "long_factor" : "short_factor").EnumerateArray().Select(v => v.GetDouble())];
    }

    /// <summary>By hand: theta 100, four numbers: 100^0 = 1 and 100^(-2/4) = 0.1.</summary>
    [Fact]
    public void Scalings_of_two_frequencies_by_hand()
    {
        Assert.Equal([1, 0.1], RopeFrequencies.Default(4, 100), Close);
        Assert.Equal([0.25, 0.025], RopeFrequencies.Linear(4, 100, 4), Close);
        // 4 · 60/20 - 3 = 9 times longer, base 100 · 9^(4/2) = 8100: 8100^(-1/2) = 1/90
        Assert.Equal([1, 1.0 / 90], RopeFrequencies.DynamicNtk(4, 100, 4, 20, 60), Close);
        Assert.Equal([1, 0.1], RopeFrequencies.DynamicNtk(4, 100, 4, 20, 20), Close);
        Assert.Equal([1, 0.05], RopeFrequencies.LongRope(4, 100, [1, 2]), Close);
        Assert.Equal([1, 0.05], RopeFrequencies.Divided([1, 0.1], [1f, 2f]), Close);
        // 64 positions: 10.2 turns stay, 1.02 turns between 1 and 4 keep a share of 0.0062
        double kept = (6.4 / (2 * Math.PI) - 1) / 3;
        Assert.Equal([1, 0.1 * (kept + (1 - kept) / 8)], RopeFrequencies.Llama3(4, 100, 8, 1, 4, 64), Close);
        Assert.Equal(1, RopeFrequencies.YarnAttentionFactor(0.5));
        Assert.Equal(1, RopeFrequencies.LongRopeAttentionFactor(32, 64));
    }

    private static bool Close(double a, double b) => Math.Abs(a - b) <= 1e-14;
}
