using System.Numerics.Tensors;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Adapters;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Training.Adapters;

namespace Hone.Tests.Inference;

public sealed class AdapterSetTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(3, 24)];

    [Fact]
    public async Task Adapters_in_one_batch_give_what_each_gives_alone()
    {
        string?[] names = [null, "a", "b", null, "b", "a"];
        LanguageModel model = TinyModels.Llama();
        AdapterSet set = new(model);
        set.Add("a", Adapter(1));
        set.Add("b", Adapter(2));
        using EngineHost host = new(new Engine(model, options: new EngineOptions { Adapters = set, PrefixTokens = 1000, TakeTurns = true }));
        for (int round = 0; round < 2; round++) // in the second round prompts are taken over from the first
        {
            IReadOnlyList<GenerationResult>[] together = await Task.WhenAll(names.Select(name => host.GenerateAsync(Request(name))));
            for (int i = 0; i < names.Length; i++) Assert.Equal(Alone(names[i]), together[i][0].Ids);
        }
        Assert.NotEqual(Alone("a"), Alone("b"));
        Assert.NotEqual(Alone("a"), Alone(null));
        Assert.True(host.Status.ReusedTokens >= names.Length * (Prompt.Length - 1));
    }

    [Fact]
    public void An_unknown_adapter_is_named()
    {
        LanguageModel model = TinyModels.Llama();
        AdapterSet set = new(model);
        set.Add("maths", Adapter(1));
        Engine engine = new(model, options: new EngineOptions { Adapters = set });
        Assert.Contains("Did you mean 'maths'", Assert.Throws<HoneException>(() => engine.Generate(Request("math"))).Message);
        Assert.Contains("without any", Assert.Throws<HoneException>(() => new Engine(model).Generate(Request("maths"))).Message);
        Assert.Contains("two adapters", Assert.Throws<HoneException>(() => set.Add("maths", Adapter(2))).Message);
    }

    [Theory]
    [InlineData("""{"peft_type":"LORA","r":2,"modules_to_save":["lm_head"]}""")]
    [InlineData("""{"peft_type":"LORA","r":2,"bias":"all"}""")]
    public void An_adapter_with_whole_weights_is_refused_in_one_line(string config)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), config);
        HoneException error = Assert.Throws<HoneException>(() => new AdapterSet(TinyModels.Llama()).Add("a", model => ModelAdapter.LoadBesideOthers(model, folder)));
        Assert.Contains("Merge it and serve the result", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Scores_go_through_the_adapter_too()
    {
        LanguageModel model = TinyModels.Llama();
        AdapterSet set = new(model);
        set.Add("a", Adapter(1));
        PromptScorer scorer = new(new Engine(model, options: new EngineOptions { Adapters = set }));
        LanguageModel adapted = TinyModels.Llama();
        Adapter(1)(adapted);
        float[] expected = new Scorer(adapted).LogProbs([Prompt])[0];
        IReadOnlyList<TokenScore> scores = scorer.Score(Prompt, 3, "a");
        Assert.True(float.IsNaN(scores[0].LogProb));
        for (int i = 1; i < Prompt.Length; i++) Assert.Equal(expected[i], scores[i].LogProb, 1e-4f);
        Assert.NotEqual(scores[5].LogProb, scorer.Score(Prompt, 0)[5].LogProb, 1e-4f);
        Assert.All(scores.Skip(1), s => Assert.True(s.Top.Count == 3 && s.Top[0].LogProb >= s.Top[1].LogProb && s.Top[0].LogProb >= s.LogProb));
    }

    [Fact]
    public void An_adapter_sits_on_a_base_in_few_bits()
    {
        string folder = Directory.CreateTempSubdirectory().FullName, path = Assets.Require("models/seed");
        LanguageModel full = ModelLoader.Load(path).Model, few = ModelLoader.Load(path, new LoadOptions { KeepQuantized = true, RoundToInt8 = true }).Model;
        Assert.NotNull(few.LinearLayers[0].Quantized);
        float[] before = TinyModels.Logits(few, Prompt);
        LoraModel lora = LoraModel.Attach(full, new LoraConfig { Rank = 2, Alpha = 8, Targets = ["q_proj", "down_proj"] }, new RandomStream(1, "adapter"));
        foreach (LoraLayer layer in lora.Layers) new RandomStream(1, layer.Layer.Name).FillNormal(layer.B.Value.Data, 0, 0.1f);
        lora.Save(folder);
        ModelAdapter.LoadBesideOthers(few, folder);
        float[] expected = TinyModels.Logits(full, Prompt), found = TinyModels.Logits(few, Prompt);
        Assert.True(TensorPrimitives.CosineSimilarity(found, expected) > 0.995);
        Assert.True(TensorPrimitives.Distance(found, expected) < 0.3f * TensorPrimitives.Distance(before, expected));

        string config = Path.Combine(folder, "adapter_config.json");
        File.WriteAllText(config, File.ReadAllText(config).Replace("\"use_dora\": false", "\"use_dora\": true"));
        Assert.Contains("DoRA needs the norms of full weights", Assert.Throws<HoneException>(() => ModelAdapter.LoadBesideOthers(few, folder)).Message);
        Directory.Delete(folder, recursive: true);
    }

    private static GenerationRequest Request(string? adapter) => new() { Prompt = Prompt, MaxTokens = 12, StopIds = [], Seed = 3, Adapter = adapter };

    private static int[] Alone(string? adapter)
    {
        LanguageModel model = TinyModels.Llama();
        if (adapter is not null) Adapter(adapter == "a" ? 1 : 2)(model);
        return new Engine(model).Generate(Request(null))[0].Ids;
    }

    private static Action<LanguageModel> Adapter(int seed) => model =>
    {
        RandomStream random = new(seed, "adapter");
        LoraModel lora = LoraModel.Attach(model, new LoraConfig { Rank = 2, Alpha = 8, Targets = ["q_proj", "down_proj", "lm_head"] }, random);
        foreach (LoraLayer layer in lora.Layers) random.Derive(layer.Layer.Name + "/b").FillNormal(layer.B.Value.Data, 0, 0.5f);
    };
}
