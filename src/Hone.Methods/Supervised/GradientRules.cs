using Hone.Core;
using Hone.Inference;
using Hone.Tensors;
using Hone.Training.Adapters;
using Hone.Training.Objectives;
using Hone.Training.Perturbation;

namespace Hone.Methods.Supervised;

/// <summary>Kinds of low-rank adapters.</summary>
public enum AdapterKind
{
    /// <summary>Hu et al., arXiv:2106.09685.</summary>
    Lora,

    /// <summary>Scaled by the root of the rank: Kalajdzievski, arXiv:2312.03732.</summary>
    Rslora,

    /// <summary>Direction and magnitude apart: Liu et al., arXiv:2402.09353.</summary>
    Dora,

    /// <summary>Begun from the principal part of the weights: Meng et al., arXiv:2404.02948.</summary>
    Pissa,
}

/// <summary>What a trainer's options say about its adapter and about where gradients are taken.</summary>
internal static class GradientRules
{
    public static LoraConfig AdapterOf(TrainerOptions options) => new()
    {
        Rank = options.LoraRank,
        Alpha = options.LoraAlpha ?? 2 * options.LoraRank,
        RankStabilised = options.AdapterType == AdapterKind.Rslora,
        Dora = options.AdapterType == AdapterKind.Dora,
        Init = options.AdapterType == AdapterKind.Pissa ? LoraConfig.PissaInit : LoraConfig.DefaultInit,
    };

    /// <summary>The rule, or null for plain back-propagation.</summary>
    /// <exception cref="HoneException">Two rules at once.</exception>
    public static IGradientRule? Of(TrainerOptions options, TextModel model, LoraModel? adapter, IReadOnlyList<Parameter> parameters, int steps, RunContext run)
    {
        if (options.FlatSigma > 0 && options.SamRho > 0)
            throw new HoneException($"flat_sigma {options.FlatSigma} and sam_rho {options.SamRho} are two answers to one question; set one of them to 0.");
        if (options.SamRho > 0) return new SamRule([.. parameters.Where(p => p.Trainable)], options.SamRho, model.Workers);
        if (options.FlatSigma == 0) return null;
        if (options.FlatSigma > 1) run.Reporter.Warn($"flat_sigma {options.FlatSigma}: noise larger than the weights themselves drowns what the model knows; 0.05 to 0.6 are usual.");
        return new FlatRule(
            FlatRule.LayersOf(model.Model, adapter), new NoiseSettings(options.FlatSigma, options.FlatSchedule, options.FlatEvery), steps, run.Rng("flat-lora"), model.Workers);
    }
}
