using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.TlTraining;
using Hone.Models.Text;

namespace Hone.Cli.Commands.Train;

[CliCommand("train tl", "Tool use: failed calls left out, weight on the tokens that decide, rewards by category of error.")]
internal sealed class TrainTlCommand() : TrainCommand<TlOptions>(
    "Conversations with tools: messages with tool_calls, or ShareGPT's function_call and observation.", true,
    "mae", "pkt", "irm", "max_weight", "cues", "executor_status", "ppo.num_generations", "ppo.max_completion_length", "ppo.temperature", "ppo.advantage.kl_coef")
{
    public override string Details => base.Details + """


        Two stages, in sft/ and ppo/: supervised training without calls that a tool answered with an error (--mae) and with
        weight on the tokens that decide which tool is called (--pkt), then PPO with a reward by category of error (--irm).
        Each can be switched off. --lr, --steps and the like belong to the first stage; --set ppo.lr=1e-6 to the second.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train tl --model model --data trajectories.jsonl --lora-rank 8 --lr 1e-4 --out runs/tl", "both stages, on adapters"),
        new("train tl --model model --data trajectories.jsonl --irm false --dry-run --json", "what is blocked, how tokens are weighted, the loss of the first batch"),
    ];

    protected override string Name => "tl";

    /// <summary>Conversations are written out by the method, not by the model's template.</summary>
    protected override void Check(ModelText text, Row row) => Trajectory.Read(row);

    protected override JsonObject Train(Source source, Dataset data, TlOptions options, RunContext run, bool dryRun) =>
        TlRecipe.Run(source.Open(), data, options, run, dryRun);
}
