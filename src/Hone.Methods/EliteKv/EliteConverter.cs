using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Methods.EliteKv;

/// <summary>What a conversion did.</summary>
/// <param name="Model">The converted model.</param>
/// <param name="Ratio">Its cache as a share of the full one.</param>
/// <param name="Energy">[L] share of Σσ² that the latents keep.</param>
/// <param name="WeightError">[L] Frobenius norm of what is lost in the projections of un-rotated keys and values.</param>
/// <param name="ParametersBefore">Weights of the original.</param>
/// <param name="ParametersAfter">Weights of the converted model.</param>
public sealed record EliteConversion(
    LanguageModel Model, double Ratio, double[] Energy, double[] WeightError, long ParametersBefore, long ParametersAfter);

/// <summary>
/// Takes queries and keys apart into chunks that rotate and the rest, and factorises the rest together with the values. EliteKV,
/// arXiv:2503.01586, sections on weight surgery, J-LRD and S-LRD.
/// </summary>
public static class EliteConverter
{
    /// <summary>Converts.</summary>
    /// <param name="model">The original; not changed.</param>
    /// <param name="elite">[L][K][r] chunks that rotate, ascending.</param>
    /// <param name="shape">r and ranks.</param>
    /// <param name="run">Progress and cancellation.</param>
    /// <exception cref="HoneException">A model or sizes that cannot be converted.</exception>
    public static EliteConversion Convert(LanguageModel model, int[][][] elite, EliteShape shape, RunContext run)
    {
        ModelConfig config = model.Config;
        if (config.Latent is not null) throw new HoneException("the model is converted already. Convert the original instead.");
        LatentConfig.Require(config, "the model");
        shape.Check(config);
        if (elite.Length != config.Layers || elite.Any(l => l.Length != config.KvHeads || l.Any(h => h.Length != shape.Chunks || h.Any(c => (uint)c >= (uint)config.HeadSize / 2))))
            throw new HoneException($"the ranking does not belong to this model of {config.Layers} layers, {config.KvHeads} key heads and heads of {config.HeadSize} channels.");
        LatentConfig latent = new(shape.Chunks, shape.KeyRank, shape.IsJoint ? shape.KeyRank : shape.ValueRank, shape.IsJoint, elite);
        LanguageModel converted = new(latent.AddTo(config));
        ModelWeights.CopyShared(model, converted);
        double[] energy = new double[config.Layers], errors = new double[config.Layers];
        using IProgressTask progress = run.Reporter.Start("converting", config.Layers, "layers");
        Parallel.For(0, config.Layers, new ParallelOptions { CancellationToken = run.Cancellation }, layer =>
        {
            (energy[layer], errors[layer]) = new LayerSurgery(model, converted, elite[layer], layer).Run(shape);
            progress.Advance(1);
        });
        return new(converted, shape.Ratio(config.KvHeads, config.HeadSize), energy, errors, model.ParameterCount, converted.ParameterCount);
    }
}

/// <summary>The projections of one layer.</summary>
internal sealed class LayerSurgery(LanguageModel model, LanguageModel converted, int[][] elite, int layer)
{
    private readonly ModelConfig config = model.Config;
    private readonly string prefix = $"model.layers.{layer}.self_attn";

    public (double Energy, double Error) Run(EliteShape shape)
    {
        float[] queries = Weight("q_proj"), keys = Weight("k_proj"), values = Weight("v_proj");
        // Un-rotated queries take over the factor that a stretched rotation (YaRN) puts on scores.
        double attention = config.Rope!.Table(config.HeadSize, 1).AttentionFactor;
        bool rotates = shape.Chunks > 0, hasPlain = 2 * shape.Chunks < config.HeadSize;
        if (rotates) Write("q_rope_proj", Rows(queries, config.GroupSize, Rotated));
        if (rotates) Write("k_rope_proj", Rows(keys, 1, Rotated));
        if (hasPlain) Write("q_nope_proj", [.. Rows(queries, config.GroupSize, Plain).Select(w => (float)(w * attention * attention))]);
        if (shape.IsJoint) return Factor(Interleave(Rows(keys, 1, Plain), values), "kv", shape.KeyRank);
        (double energyV, double errorV) = Factor(values, "v", shape.ValueRank);
        if (!hasPlain) return (energyV, errorV);
        (double energyK, double errorK) = Factor(Rows(keys, 1, Plain), "k", shape.KeyRank);
        return (Math.Min(energyK, energyV), Math.Sqrt(errorK * errorK + errorV * errorV));
    }

    private float[] Weight(string name) => model[$"{prefix}.{name}.weight"].Value.Data.ToArray();

    private void Write(string name, float[] rows) => rows.CopyTo(converted[$"{prefix}.{name}.weight"].Value.Data);

    private (double Energy, double Error) Factor(float[] rows, string name, int rank)
    {
        LowRank factors = new(rows, rows.Length / config.HiddenSize, config.HiddenSize);
        factors.Split(rank, converted[$"{prefix}.{name}_down_proj.weight"].Value, converted[$"{prefix}.{name}_up_proj.weight"].Value);
        return (factors.Energy(rank), factors.Error(rank));
    }

    /// <summary>Channels of a head that rotate, the two of a chunk beside each other.</summary>
    private IEnumerable<int> Rotated(int head) => elite[head].SelectMany(chunk => new[] { chunk, chunk + config.HeadSize / 2 });

    /// <summary>The other channels: lower halves ascending, then upper halves.</summary>
    private IEnumerable<int> Plain(int head)
    {
        int half = config.HeadSize / 2;
        return Enumerable.Range(0, config.HeadSize).Where(channel => Array.BinarySearch(elite[head], channel % half) < 0);
    }

    /// <summary>Some rows of every head.</summary>
    /// <param name="rows">[heads · D, d].</param>
    /// <param name="group">Heads that share the channels of one key head.</param>
    /// <param name="channels">Channels of a key head.</param>
    private float[] Rows(float[] rows, int group, Func<int, IEnumerable<int>> channels)
    {
        int width = config.HiddenSize, heads = rows.Length / width / config.HeadSize;
        return [.. Enumerable.Range(0, heads).SelectMany(head => channels(head / group).SelectMany(
            channel => new ArraySegment<float>(rows, (head * config.HeadSize + channel) * width, width)))];
    }

    /// <summary>[k_1 | v_1 | k_2 | v_2 | …] by rows.</summary>
    private float[] Interleave(float[] keys, float[] values)
    {
        int heads = config.KvHeads, k = keys.Length / heads, v = values.Length / heads;
        return [.. Enumerable.Range(0, heads).SelectMany(h => keys.Skip(h * k).Take(k).Concat(values.Skip(h * v).Take(v)))];
    }
}

/// <summary>Weights that two models have in common.</summary>
internal static class ModelWeights
{
    /// <summary>Copies every weight of the same name and shape.</summary>
    public static void CopyShared(LanguageModel from, LanguageModel to)
    {
        Dictionary<string, Parameter> known = from.Parameters.ToDictionary(p => p.Name);
        foreach (Parameter parameter in to.Parameters)
            if (known.TryGetValue(parameter.Name, out Parameter? original) && original.Value.Shape == parameter.Value.Shape)
                original.Value.Data.CopyTo(parameter.Value.Data);
    }
}
