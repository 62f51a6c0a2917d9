using Hone.Models.Loading;

namespace Hone.Inference.Sampling;

/// <summary>Turns a model's suggested settings into sampling options.</summary>
public static class SamplingDefaults
{
    /// <summary>
    /// Greedy where the model's file does not ask for sampling. When it does, a missing top-k means 50, as in transformers.
    /// </summary>
    public static SamplingOptions Of(GenerationDefaults generation) => new()
    {
        Temperature = generation.Sample ? generation.Temperature ?? 1 : 0,
        TopK = generation.Sample ? generation.TopK ?? 50 : 0,
        TopP = generation.TopP ?? 1,
        MinP = generation.MinP ?? 0,
        RepetitionPenalty = generation.RepetitionPenalty ?? 1,
    };
}
