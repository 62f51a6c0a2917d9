using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.OnPolicy;

namespace Hone.Cli.Commands.Train;

/// <summary>Trainers that sample their own data.</summary>
internal abstract class TrainOnPolicyCommand<T>(params string[] exposed) : TrainCommand<T>(
    "Task rows: question and answer. Built-in word problems when left out.", false,
    ["num_generations", "max_completion_length", "temperature", "check", "ref_model", "mask_truncated_completions", .. exposed]) where T : RolloutOptions
{
    protected override Dataset BuiltIn(long seed) => RolloutRecipes.BuiltIn(seed);
}

[CliCommand("train grpo", "Group-relative policy optimisation with a checker as reward.")]
internal sealed class TrainGrpoCommand() : TrainOnPolicyCommand<GrpoRecipeOptions>(
    "scale_rewards", "loss.loss_type", "loss.beta", "loss.epsilon", "loss.epsilon_high", "loss.sequence_level", "loss.top_entropy_quantile")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train grpo --model models/seed --steps 100 --out runs/grpo", "built-in word problems"),
        new("train grpo --model model.gguf --data task.jsonl --lora-rank 8 --num-generations 8 --batch 32 --out runs/grpo", "your rows, on an adapter"),
    ];

    protected override string Name => "grpo";

    protected override JsonObject Train(Source source, Dataset data, GrpoRecipeOptions options, RunContext run, bool dryRun) =>
        RolloutRecipes.Grpo(source.Open(), data, options, run, dryRun);
}

[CliCommand("train rloo", "REINFORCE with the prompt's other completions as baseline, and a checker as reward.")]
internal sealed class TrainRlooCommand() : TrainOnPolicyCommand<RlooRecipeOptions>("beta", "normalize_advantages")
{
    public override IReadOnlyList<Example> Examples { get; } = [new("train rloo --model models/seed --steps 100 --out runs/rloo", "built-in word problems")];

    protected override string Name => "rloo";

    protected override JsonObject Train(Source source, Dataset data, RlooRecipeOptions options, RunContext run, bool dryRun) =>
        RolloutRecipes.Rloo(source.Open(), data, options, run, dryRun);
}
