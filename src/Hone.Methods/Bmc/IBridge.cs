using Hone.Core;

namespace Hone.Methods.Bmc;

/// <summary>A pair that should be brought closer together.</summary>
/// <param name="Row">The row it comes from.</param>
/// <param name="Prompt">What was asked, as text.</param>
/// <param name="Better">The better answer.</param>
/// <param name="Worse">The worse answer, to be edited.</param>
public sealed record BridgePair(Row Row, string Prompt, string Better, string Worse);

/// <summary>What an editor gave: a text, or why there is none.</summary>
public readonly record struct Revision(string? Text, string Reason = "");

/// <summary>Edits a worse answer just enough, with the better one as reference.</summary>
public interface IBridge
{
    /// <summary>Name in logs.</summary>
    string Name { get; }

    /// <summary>One try.</summary>
    /// <param name="pair">The pair.</param>
    /// <param name="attempt">0 for the first try; a second one may answer differently.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task<Revision> ReviseAsync(BridgePair pair, int attempt, CancellationToken cancellation);
}
