using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.FlatLora;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("analyze", "Look at a model.")]

namespace Hone.Cli.Commands;

[CliCommand("analyze sharpness", "How fast a model's loss rises when its weights are moved in random directions.")]
internal sealed class AnalyzeSharpnessCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly DataOptions data = new("Rows as 'train sft' takes them; built-in word problems when left out.", false);
    private readonly RecipeOptions<SharpnessOptions> recipe = new(null);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. data.All, .. recipe.All];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.OnError;

    public override string Details =>
        """
        Gaussian noise is added to every row of the linear layers, its deviation the row's norm times sigma over the root of
        its length, and the loss computed again: E[L(W + noise)] - L(W) is the sharpness. The weights are not changed. Writes
        sharpness.json and report.html with the curves to --out.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("analyze sharpness --model models/seed", "built-in problems, four strengths, 30 directions"),
        new("analyze sharpness --model model.gguf --data rows.jsonl --sigmas 0.05,0.1,0.2 --samples 30 --out runs/sharpness", "your model on your rows"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        SharpnessOptions options = recipe.Bind(run);
        Dataset rows = data.Path(run) is null ? SharpnessRecipe.BuiltIn(run.Seed) : data.Load(run, run.OnError);
        using WorkerPool workers = new(run.Threads);
        JsonObject result = SharpnessRecipe.Run(new TextModel(model.Load(run, workers), workers), rows, options, run.Context(run.Out ?? Path.Combine("runs", "sharpness")));
        if (run.IsJson) run.WriteJson(result);
        else
        {
            run.WriteTable(new ResultTable(
                $"Loss {(double)result["loss"]!:0.0000} on {result["rows"]} rows", ["sigma", "mean rise", "largest rise"],
                [.. result["points"]!.AsArray().Select(p => (IReadOnlyList<string>)[$"{p!["sigma"]}", $"{(double)p["rise"]!:0.0000}", $"{(double)p["worst"]!:0.0000}"])]));
        }
        return Task.FromResult(CliApp.Done);
    }
}
