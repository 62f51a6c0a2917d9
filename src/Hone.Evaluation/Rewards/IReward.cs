using Hone.Core;

namespace Hone.Evaluation.Rewards;

/// <summary>What is judged: what a model wrote to a row's prompt.</summary>
/// <param name="Row">The row; its <c>answer</c> and other fields are there for judges that need them.</param>
/// <param name="Prompt">The question as text.</param>
/// <param name="Output">What the model wrote.</param>
public sealed record RewardItem(Row Row, string Prompt, string Output);

/// <summary>
/// Where the rewards of on-policy training come from: a checker, a reward model, a judge, a script. A score without a value means "not
/// judged": such an output teaches nothing and stays out of the statistics.
/// </summary>
public interface IReward : IDisposable
{
    /// <summary>Name in metrics and reports: <c>rewards/{name}/mean</c>.</summary>
    string Name { get; }

    /// <summary>One score for each item, in their order.</summary>
    /// <exception cref="HoneException">Judging is not possible at all, e.g. an endpoint that cannot be reached.</exception>
    ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<RewardItem> items, CancellationToken cancellation);
}
