using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.Preference;

namespace Hone.Cli.Commands.Train;

/// <summary>DPO and its relatives.</summary>
internal abstract class TrainDpoFamily<T>(params string[] exposed) : TrainCommand<T>(
    "Pairs: prompt, chosen and rejected, as texts or conversations; the prompt may be left out.", true,
    ["loss.beta", "loss.loss_type", "loss.loss_weights", "loss.label_smoothing", "ref_model", "reference_cache", .. exposed]) where T : DpoRecipeOptions
{
    protected override JsonObject Train(Source source, Dataset data, T options, RunContext run, bool dryRun) =>
        PreferenceRecipes.Dpo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train dpo", "Direct preference optimisation, with any mixture of the loss types of its family.")]
internal sealed class TrainDpoCommand() : TrainDpoFamily<DpoRecipeOptions>(
    "loss.f_divergence_type", "loss.f_alpha_divergence_coef", "loss.ld_alpha", "loss.use_weighting", "loss.discopop_tau")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train dpo --model model.gguf --data pairs.jsonl --lora-rank 8 --lr 5e-5 --out runs/dpo", "pairs on an adapter; the reference is the model as given"),
        new("train dpo --model models/seed --data pairs.jsonl --loss-type sigmoid,sft --loss-weights 1,0.5 --dry-run --json", "loss and metrics of the first batch"),
    ];

    protected override string Name => "dpo";
}

[CliCommand("train ipo", "Identity preference optimisation: a bounded margin per token.")]
internal sealed class TrainIpoCommand() : TrainDpoFamily<IpoRecipeOptions>
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train ipo --model models/seed --data pairs.jsonl --beta 0.1 --out runs/ipo", "target margin 1 / (2 beta)")];

    protected override string Name => "ipo";
}

[CliCommand("train rdpo", "DPO that does not reward answers for being longer.")]
internal sealed class TrainRdpoCommand() : TrainDpoFamily<RdpoRecipeOptions>("loss.rdpo_alpha")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train rdpo --model models/seed --data pairs.jsonl --rdpo-alpha 0.02 --out runs/rdpo", "length-regularised DPO")];

    protected override string Name => "rdpo";
}

[CliCommand("train kto", "Learning from single answers judged good or bad.")]
internal sealed class TrainKtoCommand() : TrainCommand<KtoRecipeOptions>(
    "Rows: prompt, completion and label (true or false); pairs are taken apart.", true,
    "loss.beta", "loss.loss_type", "loss.desirable_weight", "loss.undesirable_weight", "ref_model", "reference_cache")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train kto --model models/seed --data judged.jsonl --batch 16 --out runs/kto", "thumbs up and down")];

    protected override string Name => "kto";

    protected override JsonObject Train(Source source, Dataset data, KtoRecipeOptions options, RunContext run, bool dryRun) =>
        PreferenceRecipes.Kto(source.Open(), data, options, run, dryRun);
}

/// <summary>CPO and SimPO.</summary>
internal abstract class TrainCpoFamily<T>(params string[] exposed) : TrainCommand<T>(
    "Pairs: prompt, chosen and rejected, as texts or conversations; the prompt may be left out.", true,
    ["loss.beta", "loss.cpo_alpha", "loss.simpo_gamma", "loss.label_smoothing", "loss.alpha", .. exposed]) where T : CpoRecipeOptions
{
    protected override JsonObject Train(Source source, Dataset data, T options, RunContext run, bool dryRun) =>
        PreferenceRecipes.Cpo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train cpo", "Contrastive preference optimisation: pairs without a reference policy.")]
internal sealed class TrainCpoCommand() : TrainCpoFamily<CpoRecipeOptions>("loss.loss_type")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train cpo --model models/seed --data pairs.jsonl --cpo-alpha 1 --out runs/cpo", "with the likelihood of chosen answers")];

    protected override string Name => "cpo";
}

[CliCommand("train simpo", "Simple preference optimisation: rewards per token, a margin, no reference policy.")]
internal sealed class TrainSimpoCommand() : TrainCpoFamily<SimpoRecipeOptions>("loss.loss_type")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train simpo --model models/seed --data pairs.jsonl --simpo-gamma 0.5 --out runs/simpo", "margin 0.5")];

    protected override string Name => "simpo";
}

[CliCommand("train orpo", "Fine-tuning and preferences in one loss, by the odds ratio.")]
internal sealed class TrainOrpoCommand() : TrainCommand<OrpoRecipeOptions>("Pairs: prompt, chosen and rejected, as texts or conversations; the prompt may be left out.", true, "beta")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train orpo --model models/seed --data pairs.jsonl --beta 0.1 --out runs/orpo", "no reference policy")];

    protected override string Name => "orpo";

    protected override JsonObject Train(Source source, Dataset data, OrpoRecipeOptions options, RunContext run, bool dryRun) =>
        PreferenceRecipes.Orpo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train rm", "A reward model from pairs, saved as a sequence classifier with one label.")]
internal sealed class TrainRewardCommand() : TrainCommand<RewardRecipeOptions>(
    "Pairs: chosen and rejected, with or without prompt; margin where one answer is better by a known amount.", true, "center_rewards_coefficient")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train rm --model models/seed --data pairs.jsonl --center-rewards-coefficient 0.01 --out runs/rm", "rewards kept around 0")];

    protected override string Name => "rm";

    protected override JsonObject Train(Source source, Dataset data, RewardRecipeOptions options, RunContext run, bool dryRun) =>
        PreferenceRecipes.Reward(RewardModel.Open(source.Model, source.Tokenizer, run.Rng("reward/init"), source.Workers), data, options, run, dryRun);
}
