using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.OnPolicy;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("data", "Make and look at training data.")]

namespace Hone.Cli.Commands;

[CliCommand("data pairs", "Preference pairs from a model's own completions, judged by a checker, a reward model, a judge or a script.")]
internal sealed class DataPairsCommand : CliCommand
{
    private readonly Option<string> model = ModelArgument.Option();
    private readonly DataOptions data = new("Rows with prompts: question and answer, or prompt. Built-in word problems when left out.", false);
    private readonly RecipeOptions<PairOptions> recipe = new(null);

    public override IEnumerable<Symbol> Symbols => [model, .. data.All, .. recipe.All];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.OnError;

    public override string Details =>
        """
        Writes pairs.jsonl to the folder --out, ready for train dpo and its relatives, and samples.jsonl with every judged
        completion. A run that was stopped goes on with the prompts that are missing.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("data pairs --model models/seed --out runs/pairs", "built-in word problems"),
        new("data pairs --model model.gguf --data task.jsonl --reward checker:number --num-generations 8 --out runs/pairs", "right answers against wrong ones"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        PairOptions options = recipe.Bind(run);
        Dataset rows = data.Path(run) is null ? RolloutRecipes.BuiltIn(run.Seed) : data.Load(run, run.OnError);
        using WorkerPool workers = new(run.Threads);
        TextModel text = TextModel.Open(ModelArgument.Locate(run.Get(model)!), workers);
        JsonObject result = PairRecipe.Run(text, rows, options, run.Context(run.Out ?? Path.Combine("runs", "pairs")));
        if (run.IsJson) run.WriteJson(result);
        else run.Output.WriteLine($"{result["pairs"]} pairs from {result["samples"]} completions of {result["rows"]} prompts ({result["rows_without_pair"]} gave none); saved in {result["out"]}");
        return Task.FromResult(CliApp.Done);
    }
}
