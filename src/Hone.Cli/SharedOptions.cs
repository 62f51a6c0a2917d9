using System.CommandLine;
using Hone.Cli.Options;

namespace Hone.Cli;

/// <summary>Options with one meaning in every command that takes them.</summary>
[Flags]
public enum SharedOptions
{
    None = 0,

    /// <summary><c>--json</c>: one JSON object on standard output instead of text.</summary>
    Json = 1,

    /// <summary><c>--quiet</c>: no progress and no remarks, only results and warnings.</summary>
    Quiet = 2,

    /// <summary><c>--seed N</c></summary>
    Seed = 4,

    /// <summary><c>--threads N</c></summary>
    Threads = 8,

    /// <summary><c>--out PATH</c></summary>
    Out = 16,

    /// <summary><c>--on-error stop|skip</c></summary>
    OnError = 32,
}

/// <summary>The shared options themselves; each command line gets its own set.</summary>
internal sealed class SharedSet
{
    public Option<bool> Json { get; } = CliOptions.Flag("--json", "Print one JSON object on standard output.");

    public Option<bool> Quiet { get; } = CliOptions.Flag("--quiet", "No progress and no remarks: only results and warnings.");

    public Option<long> Seed { get; } = CliOptions.Number("--seed", "Seed of every random choice: same seed and threads, same result.", 1L, long.MinValue, long.MaxValue);

    public Option<int> Threads { get; } = CliOptions.Number("--threads", "Threads to compute with.", Environment.ProcessorCount, 1, 1024);

    public Option<string?> Out { get; } = CliOptions.Text("--out", "Folder or file to write to.", "PATH");

    public Option<OnError> OnError { get; } = CliOptions.Choice("--on-error", "What to do with a malformed line.", Hone.Core.OnError.Stop);

    /// <summary>Those of the set that a command takes.</summary>
    public IEnumerable<Option> Taken(SharedOptions shared)
    {
        if (shared.HasFlag(SharedOptions.Out)) yield return Out;
        if (shared.HasFlag(SharedOptions.OnError)) yield return OnError;
        if (shared.HasFlag(SharedOptions.Seed)) yield return Seed;
        if (shared.HasFlag(SharedOptions.Threads)) yield return Threads;
        if (shared.HasFlag(SharedOptions.Json)) yield return Json;
        if (shared.HasFlag(SharedOptions.Quiet)) yield return Quiet;
    }
}
