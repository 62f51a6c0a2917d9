using Hone.Core.Recipes;
using Hone.Inference.Caches;

namespace Hone.Methods.PrefixKv;

/// <summary>A way of dividing a cache, as the experiment compares them.</summary>
/// <param name="Name">What it is called in results.</param>
/// <param name="Scores">What its scores are; arms of the same scores share a reading of a document.</param>
/// <param name="Settings">The cache at a share kept.</param>
internal sealed record PrefixArm(string Name, string Scores, Func<double, KvOptions> Settings)
{
    public const string Prefix = "PrefixKV", Offline = "PrefixKV, profile", Uniform = "uniform", Pyramid = "pyramid", GlobalSum = "global sum", Local = "first and newest";

    /// <summary>The same divisions by plain sums of attention, as the released code has them.</summary>
    public const string PrefixSums = "PrefixKV, plain sums", UniformSums = "uniform, plain sums", PyramidSums = "pyramid, plain sums";

    /// <summary>All of them.</summary>
    /// <param name="profile">Profile made from other documents.</param>
    public static IReadOnlyList<PrefixArm> All(string profile) =>
    [
        Of(Prefix, new PrefixKvOptions()),
        Of(Offline, new PrefixKvOptions { Profile = profile }),
        Of(Uniform, new PrefixKvOptions { Layers = LayerRule.Uniform }),
        Of(Pyramid, new PrefixKvOptions { Layers = LayerRule.Pyramid }),
        Of(GlobalSum, new PrefixKvOptions { Layers = LayerRule.GlobalSum }),
        Of(PrefixSums, new PrefixKvOptions { PerQuery = false }),
        Of(UniformSums, new PrefixKvOptions { PerQuery = false, Layers = LayerRule.Uniform }),
        Of(PyramidSums, new PrefixKvOptions { PerQuery = false, Layers = LayerRule.Pyramid }),
        new(Local, "local", keep => new() { Policy = Using.Component<IKvPolicy, StreamingLlmOptions>("streaming_llm", new StreamingLlmOptions { Sinks = 1 }, o => new StreamingLlmPolicy(o)), Keep = keep }),
    ];

    private static PrefixArm Of(string name, PrefixKvOptions options) => new(name, options.PerQuery ? "mean" : "sum", keep => PrefixExperiment.Settings(keep, options));
}
