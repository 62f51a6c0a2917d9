namespace Hone.Core;

/// <summary>
/// What a run is given: a folder of its own, a seed, a reporter and a way to be stopped. Random streams are asked for by
/// purpose, so adding a draw in one place never shifts another.
/// </summary>
public sealed class RunContext
{
    public RunContext(string folder, long seed, IReporter? reporter = null, CancellationToken cancellation = default)
    {
        Folder = folder;
        Seed = seed;
        Reporter = reporter ?? IReporter.Silent;
        Cancellation = cancellation;
    }

    /// <summary>Where the run writes. Empty when it writes nothing.</summary>
    public string Folder { get; }

    public long Seed { get; }

    public IReporter Reporter { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>The stream for one purpose, e.g. <c>Rng("sample/round=1")</c>. The same purpose gives the same stream again.</summary>
    public RandomStream Rng(string purpose) => new(Seed, purpose);

    /// <summary>A path inside the run's folder.</summary>
    public string PathOf(params string[] parts) => Path.Combine([Folder, .. parts]);
}
