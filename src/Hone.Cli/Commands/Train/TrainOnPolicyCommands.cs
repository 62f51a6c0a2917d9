using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.OnPolicy;

namespace Hone.Cli.Commands.Train;

/// <summary>Trainers that sample their own data.</summary>
internal abstract class TrainOnPolicyCommand<T>(params string[] exposed) : TrainCommand<T>(
    "Rows with prompts: question and answer, or prompt. Built-in word problems when left out.", false,
    ["num_generations", "max_completion_length", "temperature", "reward", "reward_weights", "missing_eos_penalty", "ref_model", "mask_truncated_completions", .. exposed])
    where T : RolloutOptions
{
    public override string Details => base.Details + """


        Rewards: --reward checker:number compares with the row's answer, model:DIR asks a reward model, judge:ENDPOINT a chat
        model, script:FILE.csx a C# script that sees Row, Prompt, Output and Answer and gives a number, for example
        Output.Contains(Answer) ? 1 : 0. A script runs with your rights: use only those you trust. Several rewards are separated
        by commas and added with --reward-weights.
        """;

    protected override Dataset BuiltIn(long seed) => RolloutRecipes.BuiltIn(seed);
}

[CliCommand("train grpo", "Group-relative policy optimisation: rewards compared within the completions of one prompt.")]
internal sealed class TrainGrpoCommand() : TrainOnPolicyCommand<GrpoRecipeOptions>(
    "scale_rewards", "multi_objective_aggregation", "num_iterations", "loss.loss_type", "loss.beta", "loss.epsilon", "loss.epsilon_high", "loss.delta", "loss.sequence_level", "loss.top_entropy_quantile", "train.max_kl")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train grpo --model models/seed --steps 100 --out runs/grpo", "built-in word problems"),
        new("train grpo --model model.gguf --data task.jsonl --lora-rank 8 --num-generations 8 --batch 32 --out runs/grpo", "your rows, on an adapter"),
        new("train grpo --model model.gguf --data prompts.jsonl --reward script:short.csx,model:runs/rm/model --reward-weights 0.2,1 --out runs/grpo", "two rewards"),
    ];

    protected override string Name => "grpo";

    protected override JsonObject Train(Source source, Dataset data, GrpoRecipeOptions options, RunContext run, bool dryRun) =>
        RolloutRecipes.Grpo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train rloo", "REINFORCE with the prompt's other completions as baseline.")]
internal sealed class TrainRlooCommand() : TrainOnPolicyCommand<RlooRecipeOptions>("beta", "normalize_advantages", "train.max_kl")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train rloo --model models/seed --steps 100 --out runs/rloo", "built-in word problems")];

    protected override string Name => "rloo";

    protected override JsonObject Train(Source source, Dataset data, RlooRecipeOptions options, RunContext run, bool dryRun) =>
        RolloutRecipes.Rloo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train reinforce", "REINFORCE with the batch's mean, the greedy completion (ReMax) or nothing as baseline.")]
internal sealed class TrainReinforceCommand() : TrainOnPolicyCommand<ReinforceRecipeOptions>("baseline", "beta", "train.max_kl")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train reinforce --model models/seed --baseline greedy --steps 100 --out runs/reinforce", "built-in word problems")];

    protected override string Name => "reinforce";

    protected override JsonObject Train(Source source, Dataset data, ReinforceRecipeOptions options, RunContext run, bool dryRun) =>
        RolloutRecipes.Reinforce(source.Open(), data, options, run, dryRun);
}

/// <summary>Trainers that update token by token, several times from each sampling.</summary>
internal abstract class TrainTokenPolicyCommand<T>(params string[] exposed) : TrainOnPolicyCommand<T>(
    ["num_ppo_epochs", "num_mini_batches", "loss.cliprange", "loss.dual_clip", "advantage.kl_coef", "advantage.kl_estimator", "advantage.target_kl", "advantage.gamma",
        "advantage.whiten_rewards", "train.max_kl", .. exposed]) where T : TokenPolicyOptions;

[CliCommand("train ppo", "Proximal policy optimisation with generalised advantage estimation and a value head.")]
internal sealed class TrainPpoCommand() : TrainTokenPolicyCommand<PpoRecipeOptions>("loss.cliprange_value", "loss.vf_coef", "advantage.lam")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train ppo --model models/seed --steps 100 --out runs/ppo", "built-in word problems"),
        new("train ppo --model model.gguf --data prompts.jsonl --reward model:runs/rm/model --kl-coef 0.05 --lora-rank 8 --out runs/ppo", "a reward model, on an adapter"),
    ];

    protected override string Name => "ppo";

    protected override JsonObject Train(Source source, Dataset data, PpoRecipeOptions options, RunContext run, bool dryRun) =>
        PpoRecipes.Ppo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train reinforce++", "REINFORCE++: PPO's clipped update with advantages standardised over the batch, without a critic.")]
internal sealed class TrainReinforcePlusPlusCommand() : TrainTokenPolicyCommand<ReinforcePlusPlusRecipeOptions>("group_baseline")
{
    public override IReadOnlyList<Example> Examples { get; } =
        [new("train reinforce++ --model models/seed --num-generations 8 --group-baseline --steps 100 --out runs/reinforce++", "built-in word problems")];

    protected override string Name => "reinforce++";

    protected override JsonObject Train(Source source, Dataset data, ReinforcePlusPlusRecipeOptions options, RunContext run, bool dryRun) =>
        PpoRecipes.ReinforcePlusPlus(source.Open(), data, options, run, dryRun);
}

[CliCommand("train online-dpo", "DPO on pairs of the model's own completions, sampled anew at every step and judged by a reward.")]
internal sealed class TrainOnlineDpoCommand() : TrainOnPolicyCommand<OnlineDpoRecipeOptions>("loss.beta", "loss.loss_type", "loss.loss_weights", "loss.label_smoothing", "skip_ties")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train online-dpo --model models/seed --num-generations 4 --steps 100 --out runs/online-dpo", "built-in word problems")];

    protected override string Name => "online-dpo";

    protected override JsonObject Train(Source source, Dataset data, OnlineDpoRecipeOptions options, RunContext run, bool dryRun) =>
        IterationRecipes.OnlineDpo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train expert", "Expert iteration: sample, keep what the reward calls good, learn it, again.")]
internal sealed class TrainExpertCommand() : TrainOnPolicyCommand<ExpertRecipeOptions>("prompts_per_round", "steps_per_round", "threshold", "keep_per_prompt")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train expert --model models/seed --prompts-per-round 64 --steps 80 --out runs/expert", "built-in word problems")];

    protected override string Name => "expert";

    protected override JsonObject Train(Source source, Dataset data, ExpertRecipeOptions options, RunContext run, bool dryRun) =>
        IterationRecipes.Expert(source.Open(), data, options, run, dryRun);
}
