using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Tests.Inference;

namespace Hone.Tests.Models.Decoder;

/// <summary>Folders that are not what they should be.</summary>
public sealed class ModelLoaderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-load-").FullName;

    public ModelLoaderTests() => ModelSaver.Save(folder, TinyModels.Llama());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_model_without_a_tokenizer_loads_and_says_so_when_asked_for_text()
    {
        LoadedModel loaded = ModelLoader.Load(folder);
        Assert.Null(loaded.Tokenizer);
        Assert.Null(loaded.Renderer);
        Assert.Contains("no tokenizer", Assert.Throws<HoneException>(loaded.RequireTokenizer).Message);
        Assert.Contains("no chat template", Assert.Throws<HoneException>(loaded.RequireRenderer).Message);
        Assert.Equal([2], loaded.Generation.EosIds);
    }

    [Theory]
    [InlineData("hidden_size", 16, "shape")]
    [InlineData("hidden_size", 16_000_000, "larger than a tensor may be")]
    [InlineData("vocab_size", 10_000_000, "weights, the file has")]
    [InlineData("num_hidden_layers", 4000, "weights, the file has")]
    [InlineData("num_hidden_layers", 3, "weights, the file has")]
    [InlineData("vocab_size", 59, "shape")]
    [InlineData("tie_word_embeddings", true, "")]
    public void Settings_that_do_not_fit_the_weights(string setting, object value, string message)
    {
        Change(setting, value is int number ? number : (bool)value);
        if (message.Length == 0) Assert.NotNull(ModelLoader.Load(folder)); // a head in the file of a tied model is passed over
        else Assert.Contains(message, Assert.Throws<HoneException>(() => ModelLoader.Load(folder)).Message);
    }

    [Fact]
    public void Missing_files()
    {
        File.Delete(Path.Combine(folder, "config.json"));
        Assert.Contains("needs its config.json", Assert.Throws<HoneException>(() => ModelLoader.Load(folder)).Message);
        Assert.Throws<HoneException>(() => ModelLoader.Load(Path.Combine(folder, "nowhere")));
    }

    [Fact]
    public void End_tokens_of_the_generation_file_win()
    {
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"eos_token_id":[5,7],"do_sample":true,"temperature":0.6,"top_p":0.9}""");
        GenerationDefaults generation = ModelLoader.Load(folder).Generation;
        Assert.Equal([5, 7], generation.EosIds);
        Assert.Equal((true, 0.6, 0.9), (generation.Sample, generation.Temperature, generation.TopP));
    }

    /// <summary>Two thousand damaged config.json files: loaded or refused in one line, quickly and without much memory.</summary>
    [Fact]
    public void Damaged_configs_never_crash()
    {
        RandomStream random = new(5, "loader fuzz");
        string path = Path.Combine(folder, "config.json");
        byte[] original = File.ReadAllBytes(path);
        for (int i = 0; i < 2000; i++)
        {
            byte[] damaged = [.. original];
            for (int k = random.Next(1, 4); k > 0; k--) damaged[random.Next(damaged.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : "0123456789-.eE[]{}\"n"[random.Next(20)]);
            File.WriteAllBytes(path, damaged);
            try
            {
                Assert.NotNull(ModelLoader.Load(folder));
            }
            catch (HoneException error)
            {
                Assert.NotEmpty(error.Message);
            }
        }
    }

    private void Change(string setting, JsonNode value)
    {
        string path = Path.Combine(folder, "config.json");
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        json[setting] = value;
        File.WriteAllText(path, json.ToJsonString());
    }
}
