using Hone.Core;
using Hone.Evaluation.Checkers;
using Microsoft.Extensions.AI;

namespace Hone.Evaluation.Rewards;

/// <summary>What rewards need from outside.</summary>
public sealed record RewardSources
{
    /// <summary>Opens a judge: an endpoint's address, or a local model.</summary>
    public Func<string, IChatClient>? Judge { get; init; }

    /// <summary>Opens a reward model: a folder.</summary>
    public Func<string, IReward>? Model { get; init; }
}

/// <summary>
/// Rewards from how users write them: <c>checker:number</c>, <c>model:DIR</c>, <c>judge:ENDPOINT</c>, <c>script:FILE.csx</c>. A bare
/// word is a checker's name.
/// </summary>
public static class RewardFactory
{
    private static readonly string[] Kinds = ["checker", "model", "judge", "script"];

    /// <summary>Opens one reward.</summary>
    /// <param name="text">As the user wrote it.</param>
    /// <param name="rows">The rows that are asked; a checker may look at them.</param>
    /// <param name="sources">Judges and reward models.</param>
    /// <exception cref="HoneException">Not understood, or it cannot be opened.</exception>
    public static IReward Create(string text, IReadOnlyList<Row> rows, RewardSources sources)
    {
        int colon = text.IndexOf(':');
        (string kind, string rest) = colon < 0 ? ("checker", text) : (text[..colon], text[(colon + 1)..]);
        if (rest.Length == 0) throw new HoneException($"reward '{text}' names nothing behind the colon. {Expected}");
        return kind switch
        {
            "checker" => new CheckerReward(CheckerRegistry.Create(rest, rows)),
            "script" => new ScriptReward(rest),
            "model" => (sources.Model ?? throw NotHere(text))(rest),
            "judge" => new JudgeReward((sources.Judge ?? throw NotHere(text))(rest)),
            _ => throw new HoneException($"'{text}' is not a reward. {Expected} {(Names.Nearest(kind, Kinds) is { } near ? $"Did you mean '{near}:{rest}'?" : "")}".TrimEnd()),
        };
    }

    private static string Expected => $"Expected checker:NAME ({string.Join(", ", CheckerRegistry.Names)}), model:DIR, judge:ENDPOINT or script:FILE.csx.";

    private static HoneException NotHere(string text) => new($"reward '{text}' is not available here. {Expected}");
}
