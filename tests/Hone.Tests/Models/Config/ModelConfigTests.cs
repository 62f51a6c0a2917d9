using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;

namespace Hone.Tests.Models.Config;

public sealed class ModelConfigTests
{
    [Fact]
    public void An_unknown_architecture_is_named_with_the_known_ones()
    {
        HoneException error = Assert.Throws<HoneException>(() => ModelConfig.FromJson(With("model_type", "lama")));
        Assert.Contains("'lama' is not a known model architecture", error.Message);
        Assert.Contains("qwen3_moe", error.Message);
        Assert.Contains("Did you mean 'llama'?", error.Message);
    }

    public static TheoryData<string, string, string> Broken => new()
    {
        { "hidden_size", "null", "'hidden_size' is missing" },
        { "hidden_size", "\"32\"", "'hidden_size' is \"32\"; expected a number" },
        { "hidden_size", "-32", "expected a whole number from 1" },
        { "hidden_size", "1e30", "expected a whole number from 1" },
        { "num_hidden_layers", "1000000", "expected a whole number from 1 to 4096" },
        { "num_key_value_heads", "3", "4 attention heads cannot share 3 key-value heads" },
        { "vocab_size", "16000000", "" },
        { "head_dim", "5", "even number of channels" },
        { "hidden_act", "\"tanhshrink\"", "'tanhshrink' is not a known activation" },
        { "rope_scaling", "{\"type\":\"twisted\"}", "'twisted' is not a known rotary scaling" },
        { "rope_scaling", "{\"type\":\"linear\"}", "'factor' is missing" },
        { "rope_scaling", "{\"type\":\"llama3\",\"factor\":8}", "'original_max_position_embeddings' is missing" },
        { "rope_scaling", "{\"type\":\"longrope\",\"short_factor\":[1],\"long_factor\":[1]}", "4 positive numbers, one per frequency" },
        { "rope_scaling", "[]", "expected an object" },
        { "rms_norm_eps", "-1", "expected a number from 0" },
        { "tie_word_embeddings", "\"yes\"", "expected true or false" },
    };

    [Theory, MemberData(nameof(Broken))]
    public void A_broken_setting_is_named(string setting, string value, string message)
    {
        JsonObject json = With(setting, value == "null" ? null : JsonNode.Parse(value));
        if (message.Length == 0)
        {
            json["hidden_size"] = 4096; // 16 million rows of 4096 are more than a tensor may have
            message = "embedding table";
        }
        Assert.Contains(message, Assert.Throws<HoneException>(() => ModelConfig.FromJson(json, "config.json")).Message);
    }

    [Theory]
    [InlineData("llama", false)]
    [InlineData("mistral", false)]
    [InlineData("qwen2", false)]
    [InlineData("qwen3", false)]
    [InlineData("olmo2", false)]
    [InlineData("phi3", false)]
    [InlineData("smollm3", true)]
    [InlineData("gemma2", true)]
    [InlineData("gemma3_text", true)]
    public void What_a_missing_tie_means_depends_on_the_architecture(string type, bool tied) =>
        Assert.Equal(tied, ModelConfig.FromJson(With("model_type", type)).TiedHead);

    [Fact]
    public void Windows_by_family()
    {
        Assert.All(ModelConfig.FromJson(With("model_type", "mistral")).LayerConfigs, l => Assert.Equal(4096, l.Window));
        JsonObject none = With("model_type", "mistral");
        none["sliding_window"] = null;
        Assert.All(ModelConfig.FromJson(none).LayerConfigs, l => Assert.Equal(0, l.Window));
        Assert.Equal([4096, 0, 4096], ModelConfig.FromJson(With("model_type", "gemma2")).LayerConfigs.Select(l => l.Window));
        JsonObject qwen = With("model_type", "qwen2");
        (qwen["use_sliding_window"], qwen["sliding_window"], qwen["max_window_layers"]) = (true, 7, 2);
        Assert.Equal([0, 0, 7], ModelConfig.FromJson(qwen).LayerConfigs.Select(l => l.Window));
        qwen["use_sliding_window"] = false;
        Assert.Equal([0, 0, 0], ModelConfig.FromJson(qwen).LayerConfigs.Select(l => l.Window));
    }

    [Fact]
    public void A_changed_setting_makes_another_model_and_leaves_the_first()
    {
        ModelConfig config = ModelConfig.FromJson(With("model_type", "llama")), wider = config.With("vocab_size", 70);
        Assert.Equal((60, 70), (config.VocabularySize, wider.VocabularySize));
        Assert.Equal(70, (int)wider.Json["vocab_size"]!);
    }

    /// <summary>Ten thousand damaged settings: read or refused with one line, never anything else.</summary>
    [Fact]
    public void Damaged_settings_never_crash()
    {
        RandomStream random = new(7, "config fuzz");
        string[] values = ["null", "0", "-1", "1e308", "2147483648", "\"x\"", "[]", "{}", "true", "[1,2]", "0.5", "3"];
        string[] types = [.. Families.Names];
        for (int i = 0; i < 10_000; i++)
        {
            JsonObject json = With("model_type", types[random.Next(types.Length)]);
            string[] names = [.. json.Select(p => p.Key), "rope_scaling", "layer_types", "sliding_window", "no_rope_layers", "num_experts", "eos_token_id"];
            for (int k = random.Next(1, 4); k > 0; k--)
            {
                string name = names[random.Next(names.Length)];
                if (name != "model_type") json[name] = JsonNode.Parse(values[random.Next(values.Length)]);
            }
            try
            {
                Assert.NotEmpty(ModelConfig.FromJson(json).LayerConfigs);
            }
            catch (HoneException error)
            {
                Assert.DoesNotContain('\n', error.Message);
            }
        }
    }

    private static JsonObject With(string setting, JsonNode? value)
    {
        JsonObject json = new()
        {
            ["model_type"] = "llama",
            ["vocab_size"] = 60,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 48,
            ["num_hidden_layers"] = 3,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["head_dim"] = 8,
            ["max_position_embeddings"] = 128,
            ["n_embd"] = 32,
            ["n_head"] = 4,
            ["n_layer"] = 3,
        };
        json[setting] = value;
        return json;
    }
}
