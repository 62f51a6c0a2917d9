using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Methods.FlatLora;

namespace Hone.Cli.Commands.Train;

[CliCommand("train flat-lora", "Supervised fine-tuning on flat ground: gradients at the weights plus noise, or up the gradient (SAM).")]
internal sealed class TrainFlatLoraCommand() : TrainCommand<FlatLoraOptions>(
    "Rows: text, prompt and completion, messages, ShareGPT conversations, or question and answer.", true,
    "adapter_type", "lora_alpha", "flat_sigma", "flat_schedule", "flat_every", "sam_rho", "completion_only_loss", "assistant_only_loss", "packing", "loss_type")
{
    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train flat-lora --model model.gguf --data rows.jsonl --flat-sigma 0.05 --out runs/flat", "an adapter of rank 8"),
        new("train flat-lora --model models/seed --data rows.jsonl --adapter-type dora --flat-sigma 0.3 --out runs/flat", "DoRA under noise; the other trainers take --set flat_sigma=0.3"),
    ];

    protected override string Name => "flat-lora";

    protected override JsonObject Train(Source source, Dataset data, FlatLoraOptions options, RunContext run, bool dryRun) =>
        FlatLoraRecipe.Run(source.Open(), data, options, run, dryRun);
}
