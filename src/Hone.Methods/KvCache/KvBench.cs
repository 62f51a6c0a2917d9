using Hone.Core;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Models.Config;
using Hone.Models.Decoder;

namespace Hone.Methods.KvCache;

/// <summary>One cache setting's decoding speed beside the full cache's.</summary>
public sealed record KvBenchResult(string Setting, int Length, double TokensPerSecond, double FullTokensPerSecond, KvMemory Memory, KvMemory FullMemory);

/// <summary>
/// Decoding speed at a context length, without going through a prompt of it: caches are filled with random keys and values, which cost
/// the same to attend to. Policies that need the prompt's queries choose among them all the same, but not sensibly.
/// </summary>
public static class KvBench
{
    private const int PieceTokens = 512;

    /// <summary>Measures one setting and the full cache in turns.</summary>
    /// <param name="model">The model.</param>
    /// <param name="setting">What it is called.</param>
    /// <param name="options">The cache.</param>
    /// <param name="length">Tokens in the context.</param>
    /// <param name="tokens">Tokens generated in a round; there are five, and one before them that does not count.</param>
    public static KvBenchResult Run(TextModel model, string setting, KvOptions options, int length, int tokens)
    {
        if (model.Model.Config.Latent is not null) throw new HoneException("a model that keeps latents has no keys and values to fill a cache with. Give one that keeps whole heads.");
        KvPlan plan = new(options, model.Model, model.Workers);
        using CachedSequence full = new(model.Model, null, model.Workers), small = new(model.Model, new PolicyKvCache(plan), model.Workers);
        Fill(full, model.Model.Config, length);
        Fill(small, model.Model.Config, length);
        (KvMemory memory, KvMemory fullMemory) = (small.Cache.Memory, full.Cache.Memory);
        double[] speed = KvSpeed.Measure([full, small], tokens);
        return new(setting, length, speed[1], speed[0], memory, fullMemory);
    }

    private static void Fill(CachedSequence sequence, ModelConfig config, int length)
    {
        RandomStream random = new(1, "kv/bench");
        float[] keys = new float[PieceTokens * config.KvWidth], values = new float[PieceTokens * config.KvWidth];
        random.FillNormal(keys, 0, 1);
        random.FillNormal(values, 0, 1);
        for (int first = 0; first < length; first += PieceTokens)
        {
            int count = Math.Min(PieceTokens, length - first) * config.KvWidth;
            for (int layer = 0; layer < config.Layers; layer++) sequence.Cache[layer].Append(keys.AsSpan(0, count), values.AsSpan(0, count));
            sequence.Cache.EndPass();
        }
        sequence.EndPrompt();
    }
}
