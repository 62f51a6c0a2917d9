using Hone.Cli;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Models.Decoder;
using Hone.Models.Loading;

namespace Hone.Tests.Inference.Caches;

/// <summary>What a server reckons with against what caches hold while text is generated.</summary>
public class KvCostTests
{
    private const int Prompt = 300, More = 90;

    [Theory]
    [InlineData("bits=32")]
    [InlineData("bits=16")]
    [InlineData("bits=8")]
    [InlineData("bits=4")]
    [InlineData("bits=2,format=token")]
    [InlineData("bits=4,format=hqq")]
    [InlineData("bits=4,format=flat")]
    [InlineData("policy=snapkv,keep=0.25,bits=4")]
    [InlineData("policy=knorm,keep=0.5")]
    [InlineData("policy=knorm,tokens=64,every=16")]
    [InlineData("policy=knorm,keep=0.3,chunks=true")]
    public void Bytes_are_foreseen(string settings)
    {
        LoadedModel loaded = ModelLoader.Load(Assets.Require("models/seed-weak"));
        KvPlan plan = new(KvPlan.Parse(settings, RecipeLibrary.Components), loaded.Model);
        KvCost cost = KvCost.Of(plan);
        IKvCache? cache = null;
        long reading = 0, after = 0;
        Engine engine = new(loaded, new EngineOptions { CreateCache = model => cache = new PolicyKvCache(plan), PrefillTokens = 64 });
        int[] prompt = [.. Enumerable.Range(0, Prompt).Select(i => 10 + i % 50)];
        int count = 0;
        engine.Generate([new GenerationRequest { Prompt = prompt, MaxTokens = More, StopIds = [] }], token =>
        {
            if (++count == 1) reading = cache!.Memory.PeakBytes;
            after = Math.Max(after, cache!.Memory.Bytes);
        });
        long foreseenReading = cost.WhileReading(Prompt, piece: 64), foreseen = cost.Afterwards(Prompt, More, samples: 1);
        Assert.True(foreseenReading >= reading * 0.999 && foreseenReading <= reading * 1.5, $"while reading: foreseen {foreseenReading}, was {reading}");
        Assert.True(foreseen >= after * 0.98 && foreseen <= after * 1.35, $"afterwards: foreseen {foreseen}, was {after}");
    }

    [Fact]
    public void Exact_pages_are_counted_whole_and_the_prompt_once()
    {
        LanguageModel model = TinyModels.Llama();
        KvCost cost = KvCost.Exact(model.Config);
        long token = model.Config.KvBytesPerToken;
        Assert.Equal(64 * token, cost.WhileReading(33));
        Assert.Equal(64 * token + 3 * (32 + 32) * token, cost.Afterwards(33, more: 5, samples: 3));
    }
}
