using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Supervised;

namespace Hone.Methods.FlatLora;

/// <summary>Settings of <c>hone train flat-lora</c>: those of <c>train sft</c>, with an adapter and noise.</summary>
[Recipe("flat-lora")]
public sealed record FlatLoraOptions : SftOptions
{
    public FlatLoraOptions()
    {
        (LoraRank, FlatSigma) = (8, 0.05); // the paper's for language models; models as small as the built-in one need 0.3 to 0.6
        Train = new() { Lr = 5e-4, Schedule = "cosine", Warmup = 0.03 };
    }
}

/// <summary>Supervised fine-tuning on flat ground: gradients are taken at the merged weights plus noise.</summary>
[Method("flat-lora", Stage = "training", Paper = "Flat-LoRA: Low-Rank Adaptation over a Flat Loss Landscape", ArXiv = "2409.14396", Command = "hone train flat-lora")]
public static class FlatLoraRecipe
{
    /// <summary>Trains as <see cref="SftRecipe"/> does.</summary>
    /// <exception cref="HoneException">Neither noise nor SAM is asked for.</exception>
    public static JsonObject Run(TextModel model, Dataset data, FlatLoraOptions options, RunContext run, bool dryRun)
    {
        if (options.FlatSigma == 0 && options.SamRho == 0) throw new HoneException("flat_sigma is 0: that is plain fine-tuning. Use 'hone train sft', or set flat_sigma, for example 0.05.");
        if (options.LoraRank == 0 && options.FlatSigma > 0) run.Reporter.Warn("lora_rank is 0: all weights are trained under the noise, which is random weight perturbation rather than Flat-LoRA.");
        return SftRecipe.Run(model, data, options, run, dryRun);
    }
}
