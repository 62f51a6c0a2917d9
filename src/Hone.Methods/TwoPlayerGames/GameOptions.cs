using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Methods.Supervised;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>Settings of <c>hone game train</c>. Defaults are those of the authors' script where it has them.</summary>
[Recipe("game")]
public sealed record GameOptions : TrainerOptions, ICheckedOptions
{
    public GameOptions() => Train = new() { Steps = 1200, Lr = 5e-7, Batch = 8, Schedule = "inverse_sqrt", Warmup = 100, Beta2 = 0.95, Epsilon = 1e-6 };

    [Description("who says what is unsafe: rule:FILE, guard:MODEL, model:DIR, judge:ENDPOINT or script:FILE.csx")]
    public string Guard { get; init; } = "";

    [Description("model whose vectors tell how like two attacks are; words alone when left out")]
    public string Encoder { get; init; } = "";

    [Description("steps of the defender in a round")]
    [Limits(AtLeast = 0)]
    public int DefendSteps { get; init; } = 200;

    [Description("steps of the adversary in a round")]
    [Limits(AtLeast = 0)]
    public int AttackSteps { get; init; } = 400;

    [Description("weight of likeness by words to earlier attacks, taken off the adversary's reward")]
    [Limits(AtLeast = 0)]
    public double BleuWeight { get; init; } = 5;

    [Description("weight of likeness by meaning to earlier attacks, taken off the adversary's reward")]
    [Limits(AtLeast = 0)]
    public double EmbedWeight { get; init; } = 1;

    [Description("attacks kept for comparison at most")]
    [Limits(AtLeast = 1)]
    public int ArchiveSize { get; init; } = 4096;

    [Description("attacks of the archive that a new one is compared with at most")]
    [Limits(AtLeast = 1)]
    public int ArchiveReferences { get; init; } = 256;

    [Description("file with what the adversary is asked; {{seed}} is filled in")]
    public string AttackTemplate { get; init; } = "";

    [Description("longest attack in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxAttackLength { get; init; } = 64;

    [Description("longest answer in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxCompletionLength { get; init; } = 512;

    [Description("sampling temperature of both players")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 0.8;

    [Description("probability mass sampled from")]
    [Limits(Above = 0, AtMost = 1)]
    public double TopP { get; init; } = 0.9;

    [Description("penalty on repeated tokens; 1 is off. The released script has 1.1")]
    [Limits(AtLeast = 1)]
    public double RepetitionPenalty { get; init; } = 1.1;

    [Description("the adversary's learning rate as a multiple of the defender's")]
    [Limits(Above = 0)]
    public double AdversaryRate { get; init; } = 6;

    [Description("share of the seeds that is never trained on, for evaluation")]
    [Limits(AtLeast = 0, Below = 1)]
    public double HeldOutShare { get; init; } = 0.2;

    [Description("steps between evaluations on held-out seeds; 0 for one at the end only")]
    [Limits(AtLeast = 0)]
    public int EvaluateEvery { get; init; } = 100;

    [Description("PPO's losses")]
    public PpoOptions Loss { get; init; } = new() { VfCoef = 1 };

    [Description("from rewards to advantages")]
    public TokenRewardOptions Advantage { get; init; } = new() { KlCoef = 0.01, WhitenAdvantages = false };

    /// <inheritdoc/>
    public void Check()
    {
        if (DefendSteps + AttackSteps == 0) throw new HoneException("defend_steps and attack_steps are both 0: nobody would learn.");
    }
}
