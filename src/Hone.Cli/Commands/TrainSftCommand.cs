using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("train", "Train a model on your rows.")]

namespace Hone.Cli.Commands;

[CliCommand("train sft", "Supervised fine-tuning: full weights or LoRA, loss on completions only.")]
internal sealed class TrainSftCommand : CliCommand
{
    private readonly Option<string> model = ModelArgument.Option();
    private readonly DataOptions data = new("Rows: text, prompt and completion, messages, or question and answer.");
    private readonly RecipeOptions<SftOptions> recipe = new(
        null, "lora_rank", "max_length", "truncation", "completion_only_loss", "assistant_only_loss", "packing", "merge", "train.steps", "train.epochs", "train.lr", "train.batch", "train.schedule", "train.warmup",
        "train.optimizer", "train.weight_decay", "train.recompute", "train.checkpoint_every");

    public override IEnumerable<Symbol> Symbols => [model, .. data.All, .. recipe.All];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.OnError;

    public override string Details =>
        """
        Writes metrics.jsonl, checkpoints and the result to --out: a Hugging Face folder in model/, or with --lora-rank a
        PEFT adapter in adapter/ (--merge writes it into the weights instead). A run that was stopped, even killed, goes on
        from its last checkpoint when started again, to the same bits.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("train sft --model models/seed --data rows.jsonl --out runs/sft", "all weights, one pass"),
        new("train sft --model model.gguf --data messages.csv --lora-rank 8 --lr 1e-3 --out runs/lora", "an adapter of rank 8"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        SftOptions options = recipe.Bind(run);
        Dataset rows = data.Load(run, run.OnError);
        using WorkerPool workers = new(run.Threads);
        TextModel loaded = TextModel.Open(ModelArgument.Locate(run.Get(model)!), workers);
        JsonObject result = SftRecipe.Run(loaded, rows, options, run.Context(run.Out ?? Path.Combine("runs", "sft")));
        if (run.IsJson) run.WriteJson(result);
        else run.Output.WriteLine($"{result["rows"]} rows, {result["steps"]} steps, loss {(double?)result["loss_first"]:0.000} → {(double?)result["loss_last"]:0.000}; saved in {result["out"]}");
        return Task.FromResult(0);
    }
}
