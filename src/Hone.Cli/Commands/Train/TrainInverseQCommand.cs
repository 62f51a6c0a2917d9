using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.InverseQ;

namespace Hone.Cli.Commands.Train;

[CliCommand("train inverse-q", "Token rewards from an estimate of the optimal policy, imitated on the model's own samples: prompts only.")]
internal sealed class TrainInverseQCommand() : TrainCommand<InverseQOptions>(
    "Rows with prompt or question; whatever else they hold is not used.", true,
    "estimator", "condition", "negative", "contrast_weight", "estimator_model", "refresh_every", "ref_model", "loss", "beta", "clip", "epsilon", "normalization",
    "num_generations", "max_completion_length", "temperature")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train inverse-q --model model.gguf --data prompts.jsonl --condition good.txt --lora-rank 8 --out runs/iq", "the model itself under a good condition"),
        new("train inverse-q --model model.gguf --data prompts.jsonl --estimator contrastive --condition good.txt --negative bad.txt --loss full --out runs/iq", "good against bad, whole distributions"),
        new("train inverse-q --model model.gguf --data prompts.jsonl --estimator model --estimator-model better.gguf --out runs/iq", "a better model with the same tokens"),
    ];

    protected override string Name => "inverse-q";

    protected override JsonObject Train(Source source, Dataset data, InverseQOptions options, RunContext run, bool dryRun) =>
        InverseQRecipe.Run(source.Open(), data, options, run, dryRun);
}
