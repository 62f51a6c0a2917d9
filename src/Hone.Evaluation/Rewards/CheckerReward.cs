using Hone.Core;
using Hone.Evaluation.Checkers;

namespace Hone.Evaluation.Rewards;

/// <summary>1 for a right answer, 0 for a wrong one.</summary>
/// <param name="checker">Judges.</param>
public sealed class CheckerReward(IChecker checker) : IReward
{
    public string Name => checker.Name;

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<RewardItem> items, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<Score>>([.. items.Select(i => checker.Check(i.Row, i.Output))]);

    public void Dispose() { }
}

/// <summary>A reward given by a function, for code and tests.</summary>
/// <param name="name">Name in metrics.</param>
/// <param name="function">Gives the score.</param>
public sealed class FunctionReward(string name, Func<RewardItem, Score> function) : IReward
{
    public string Name => name;

    public ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<RewardItem> items, CancellationToken cancellation) =>
        ValueTask.FromResult<IReadOnlyList<Score>>([.. items.Select(function)]);

    public void Dispose() { }
}
