using System.CommandLine;
using Hone.Cli.Options;
using Hone.Methods.TinyLm;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("pretrain", "Train the built-in model from nothing, to the same gate as the one that is shipped.")]
internal sealed class PretrainCommand : CliCommand
{
    private readonly RecipeOptions<PretrainOptions> recipe = new("pretrain-seed", "size", "hint_share", "gate", "held_out", "train.steps", "train.lr", "train.batch");

    public override IEnumerable<Symbol> Symbols => recipe.All;

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Problems are generated as they are needed, so no data is read. A run that was stopped goes on from its last
        checkpoint when it is started again with the same --out. The exit code is 1 when the finished model misses the gate.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("pretrain --out runs/seed", "rebuild the shipped model"),
        new("pretrain --recipe pretrain-recall --out runs/seed-recall", "rebuild the model that finds things in long texts"),
        new("pretrain --size s --steps 800 --gate 0 --out runs/small", "a smaller model, shorter, without a gate"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        PretrainOptions options = recipe.Bind(run);
        using WorkerPool workers = new(run.Threads);
        PretrainResult result = PretrainRecipe.Run(options, run.Context(run.Out ?? Path.Combine("runs", "pretrain")), workers);
        if (run.IsJson) run.WriteJson(PretrainRecipe.ToJson(result));
        else
        {
            run.Output.WriteLine($"{result.Accuracy:P1} of {options.HeldOut} held-out problems right ({string.Join(", ", result.Parts.Select(s => $"{s.Key} {(result.PartName == "steps" ? "steps " : "")}{s.Value:P1}"))})");
            run.Output.WriteLine($"{result.Parameters:N0} weights, {result.Tokens:N0} tokens in {result.Seconds:N0} s; model in {result.Model}");
            if (!result.GatePassed) run.Output.WriteLine($"below the gate of {options.Gate:P0}");
        }
        return Task.FromResult(result.GatePassed ? 0 : 1);
    }
}
