using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tensors;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Models.Config;

public sealed class GgufNamesTests
{
    [Theory]
    [InlineData("llama_gqa", "model.layers.1.self_attn.q_proj.weight", "blk.1.attn_q.weight")]
    [InlineData("llama_gqa", "model.layers.1.post_attention_layernorm.weight", "blk.1.ffn_norm.weight")]
    [InlineData("gemma2", "model.layers.1.post_attention_layernorm.weight", "blk.1.post_attention_norm.weight")]
    [InlineData("gemma2", "model.layers.0.pre_feedforward_layernorm.weight", "blk.0.ffn_norm.weight")]
    [InlineData("gpt2", "transformer.h.1.attn.c_attn.bias", "blk.1.attn_qkv.bias")]
    [InlineData("gpt2", "transformer.wpe.weight", "position_embd.weight")]
    [InlineData("qwen3", "lm_head.weight", "output.weight")]
    public void Names_as_llama_cpp_writes_them(string model, string name, string expected)
    {
        ModelConfig config = ModelLoader.LoadConfig(SharedData.Golden($"models/{model}"));
        Assert.Equal(new GgufPlace(expected), GgufNames.For(config, name));
    }

    /// <summary>Every weight of every family has a place of its own.</summary>
    [Theory, MemberData(nameof(DecoderGoldenTests.Names), MemberType = typeof(DecoderGoldenTests))]
    public void No_two_weights_share_a_place(string name)
    {
        LanguageModel model = ModelLoader.Load(SharedData.Require($"{GoldenModel.Folder}/{name}")).Model;
        GgufPlace[] places = [.. model.Parameters.Select(p => GgufNames.For(model.Config, p.Name))];
        Assert.Equal(places.Length, places.Distinct().Count());
    }

    /// <summary>
    /// Written as GGUF (row order of q and k, gains plus one, experts in one tensor) and loaded again: the same logits. Files of
    /// other architectures than llama made by others are not at hand, so for these it shows that reading and writing agree.
    /// </summary>
    [Theory]
    [InlineData("llama_gqa")]
    [InlineData("llama_tied")]
    [InlineData("llama_rope_linear")]
    [InlineData("llama_rope_llama3")]
    [InlineData("llama_rope_yarn")]
    [InlineData("mixtral")]
    [InlineData("qwen2")]
    [InlineData("qwen3")]
    [InlineData("phi3")]
    [InlineData("phi3_longrope")]
    [InlineData("olmo2")]
    [InlineData("gpt2")]
    public void Saved_as_gguf_and_loaded(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        string path = Path.Combine(Directory.CreateTempSubdirectory("hone-gguf-").FullName, "model.gguf");
        GgufSaver.Save(path, golden.Model, WeightType.F32);
        LanguageModel model = ModelLoader.Load(path).Model;
        Assert.Equal(golden.Model.Parameters.Count, model.Parameters.Count);
        using Tape tape = new(recording: false);
        float[] logits = model.Logits(tape, model.Hidden(tape, TokenBatch.Of(golden.Prompt("b")))).Data.ToArray();
        double difference = GoldenModel.MaxDifference(logits, golden.Tensor("logits_b"));
        Assert.True(difference < 2e-4, $"{name}: {difference}");
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Theory]
    [InlineData("llama_rope_dynamic", "follow the length")]
    [InlineData("mistral", "sliding window")]
    [InlineData("qwen3_moe", "layers without")]
    [InlineData("gemma2", "score factor")]
    [InlineData("gemma3", "five of six")]
    public void What_the_format_has_no_place_for_is_refused(string name, string reason)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        Assert.Contains(reason, Assert.Throws<HoneException>(() => GgufSaver.Save("unused.gguf", golden.Model)).Message);
    }

    /// <summary>Gains are stored with one added, and the score factor follows from the head size.</summary>
    [Fact]
    public void Gemma_through_gguf()
    {
        using GoldenModel golden = GoldenModel.Own("gemma2");
        LanguageModel model = new(golden.Model.Config.With("query_pre_attn_scalar", 16));
        foreach (Parameter parameter in golden.Model.Parameters) parameter.Value.Data.CopyTo(model[parameter.Name].Value.Data);
        string path = Path.Combine(Directory.CreateTempSubdirectory("hone-gguf-").FullName, "model.gguf");
        GgufSaver.Save(path, model, WeightType.F32);
        Assert.True(GoldenModel.MaxDifference(Logits(ModelLoader.Load(path).Model), Logits(model)) < 1e-5);
        using GgufFile file = new(path);
        float[] gains = new float[32];
        file.ReadRows("output_norm.weight", 0, 1, gains);
        Assert.Equal(golden.Model["model.norm.weight"].Value.Data[3] + 1, gains[3]);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

        float[] Logits(LanguageModel m)
        {
            using Tape tape = new(recording: false);
            return m.Logits(tape, m.Hidden(tape, TokenBatch.Of(golden.Prompt("b")))).Data.ToArray();
        }
    }
}
