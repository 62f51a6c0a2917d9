using Hone.Core;
using Hone.Evaluation.Checkers.Tools;
using Hone.Evaluation.Rewards;
using Hone.Methods.OnPolicy;

namespace Hone.Methods.TlTraining;

/// <summary>The reward by category of error, and beside it, without weight, how often each category occurs: they are logged, not learnt from.</summary>
public static class ToolCallRewards
{
    private static readonly ToolCallChecker Checker = new();

    /// <summary>tool-call with weight 1; exact, right-tool, not-offered and not-a-call with weight 0.</summary>
    public static RewardSet Create() => new(
    [
        new CheckerReward(Checker),
        Share("exact", f => f == ToolCallFault.None),
        Share("right-tool", ToolCallReward.NamesRightTool),
        Share("not-offered", f => f == ToolCallFault.UnknownTool),
        Share("not-a-call", f => f == ToolCallFault.Unparseable),
    ], [1, 0, 0, 0, 0]);

    private static FunctionReward Share(string name, Func<ToolCallFault, bool> test) =>
        new(name, item => new Score(test(Checker.Fault(item.Row, item.Output)) ? 1 : 0));
}
