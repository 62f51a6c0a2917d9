using Hone.Core;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>One question of the sampling pool.</summary>
/// <param name="Id">Unique within the pool.</param>
/// <param name="Question">What the model is asked.</param>
/// <param name="Answer">Reference answer.</param>
/// <param name="Rationale">Reference solution, or null.</param>
/// <param name="Row">The row it came from, which the checker reads.</param>
public sealed record PoolItem(string Id, string Question, string Answer, string? Rationale, Row Row);

/// <summary>One solution to be drawn.</summary>
/// <param name="Item">Question.</param>
/// <param name="Guidance">What the model is told besides.</param>
/// <param name="Prefix">State reset: text the solution starts with; else empty.</param>
/// <param name="LastWrong">Interactive: the solution to be revised; else null.</param>
/// <param name="Stream">Names the random stream of this draw, so that other questions never change it.</param>
public sealed record DrawRequest(PoolItem Item, Guidance Guidance, string Prefix, string? LastWrong, string Stream);

/// <summary>A drawn solution: the whole text (prefix included), whether it counts as right, and what it cost.</summary>
public sealed record Draw(string Text, Score Score, int Tokens);

/// <summary>What draws and judges solutions: a local model, an endpoint, or a scripted solver with known success rates in tests.</summary>
public interface ISolutionSampler
{
    /// <summary>One draw per request, in the same order. A null entry means that no draw was possible (a failed teacher call, say).</summary>
    IReadOnlyList<Draw?> DrawAll(IReadOnlyList<DrawRequest> requests, CancellationToken cancellation);
}
