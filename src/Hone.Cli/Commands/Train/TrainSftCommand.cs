using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.Supervised;

namespace Hone.Cli.Commands.Train;

[CliCommand("train sft", "Supervised fine-tuning: full weights or LoRA, loss on completions and assistants' turns.")]
internal sealed class TrainSftCommand() : TrainCommand<SftOptions>(
    "Rows: text, prompt and completion, messages, ShareGPT conversations, or question and answer.", true, "completion_only_loss", "assistant_only_loss", "packing", "loss_type")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train sft --model models/seed --data rows.jsonl --out runs/sft", "all weights, one pass"),
        new("train sft --model model.gguf --data messages.csv --lora-rank 8 --lr 1e-3 --out runs/lora", "an adapter of rank 8"),
    ];

    protected override string Name => "sft";

    protected override JsonObject Train(Source source, Dataset data, SftOptions options, RunContext run, bool dryRun) =>
        SftRecipe.Run(source.Open(), data, options, run, dryRun);
}
