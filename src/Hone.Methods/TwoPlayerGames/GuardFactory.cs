using Hone.Core;
using Hone.Evaluation.Rewards;
using Hone.Inference;
using Hone.Methods.OnPolicy;
using Hone.Models.Formats;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>Guards from how users write them.</summary>
public static class GuardFactory
{
    private const string Expected = "Expected rule:FILE (regular expressions of what must not be said), guard:MODEL (says safe or unsafe), or a reward: model:DIR, judge:ENDPOINT, script:FILE.csx.";

    /// <summary>Opens a guard.</summary>
    /// <param name="text">As the user wrote it.</param>
    /// <param name="model">A model whose threads are used.</param>
    /// <exception cref="HoneException">Not understood, or it cannot be opened.</exception>
    public static ISafetyGuard Open(string text, TextModel model)
    {
        int colon = text.IndexOf(':');
        if (colon <= 0 || colon == text.Length - 1) throw new HoneException($"'{text}' is not a guard. {Expected}");
        string rest = text[(colon + 1)..];
        return text[..colon] switch
        {
            "rule" => PatternGuard.Load(rest),
            "guard" => new VerdictGuard(TextModel.Open(ModelFiles.Locate(rest), model.Workers)),
            "model" or "judge" or "script" => new RewardGuard(RewardFactory.Create(text, [], OnPolicyRun.Sources(model))),
            _ => throw new HoneException($"'{text}' is not a guard. {Expected}"),
        };
    }
}
