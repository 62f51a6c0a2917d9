using Hone.Core.Recipes;

namespace Hone.Inference.Caches;

/// <summary>Options of <see cref="FinchPolicy"/>.</summary>
public sealed record FinchOptions
{
    /// <summary>Tokens of the question at the end of the prompt; they are kept themselves.</summary>
    [Limits(AtLeast = 1), Unit("tokens")]
    public int Window { get; init; } = 32;

    /// <summary>Weigh a token's attention by how many tokens it spreads over.</summary>
    public bool Normalise { get; init; } = true;
}

/// <summary>
/// Keeps what the question at the end of a prompt attends to. Usually with <c>rerotate</c>, so that kept tokens close up, and with
/// <c>allocate=stretches</c> for long prompts. Corallo and Papotti 2024 (FINCH), TACL 12.
/// </summary>
[Component("finch")]
public sealed class FinchPolicy(FinchOptions options) : IKvPolicy
{
    public bool WorksWhileDecoding => false;

    public ILayerScorer Scorer(KvLayer layer) =>
        new SnapKvScorer(new SnapKvOptions { Window = options.Window, Kernel = 1 }, new RecentQueries(options.Window), options.Normalise);
}
