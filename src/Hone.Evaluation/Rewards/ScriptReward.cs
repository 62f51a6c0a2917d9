using Hone.Agents.Scripting;
using Hone.Core;

namespace Hone.Evaluation.Rewards;

/// <summary>What a reward script sees.</summary>
public sealed class RewardScript
{
    /// <summary>The row.</summary>
    public required Row Row { get; init; }

    /// <summary>The question.</summary>
    public required string Prompt { get; init; }

    /// <summary>What the model wrote.</summary>
    public required string Output { get; init; }

    /// <summary>The row's reference answer; empty where it has none.</summary>
    public string Answer => Row.OptionalText("answer") ?? "";
}

/// <summary>
/// A reward computed by a C# script, for example <c>Output.Contains(Answer) ? 1 : 0</c>. The script gives a number, or null for "not
/// judged"; a number that is not finite counts as not judged.
/// </summary>
public sealed class ScriptReward : IReward
{
    private readonly CSharpFile<RewardScript, double?> script;

    /// <param name="path">The .csx file.</param>
    /// <exception cref="HoneException">Missing, or it does not compile.</exception>
    public ScriptReward(string path) => script = CSharpFile<RewardScript, double?>.Load(path);

    public string Name => Path.GetFileNameWithoutExtension(script.Path);

    public async ValueTask<IReadOnlyList<Score>> ScoreAsync(IReadOnlyList<RewardItem> items, CancellationToken cancellation)
    {
        List<Score> scores = new(items.Count);
        foreach (RewardItem item in items)
        {
            double? value = await script.RunAsync(new RewardScript { Row = item.Row, Prompt = item.Prompt, Output = item.Output }, cancellation).ConfigureAwait(false);
            scores.Add(value is { } given && double.IsFinite(given) ? new Score(given) : Score.CannotJudge("the script gave no number"));
        }
        return scores;
    }

    public void Dispose() { }
}
