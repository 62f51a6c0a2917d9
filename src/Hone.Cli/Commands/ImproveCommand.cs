using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Evaluation.Statistics;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands;

[CliCommand("improve", "Make a model better at a task, and hand back the evidence.")]
internal sealed class ImproveCommand : CliCommand
{
    private readonly Option<string> model = ModelArgument.Option("models/seed-weak");
    private readonly DataOptions data = new("Rows with question and answer: .jsonl, .json, .csv or .tsv. Left out: the built-in word problems.", isRequired: false);
    private readonly Option<bool> gguf = CliOptions.Flag("--gguf", "Write the better model as one model.gguf instead of a Hugging Face folder.");
    private readonly RecipeOptions<ImproveOptions> recipe = new(
        "improve", "check", "rounds", "guidance", "draws", "target", "redraws", "temperature", "seed_set", "lora_rank", "budget_minutes",
        "pool", "validation", "test", "quick", "max_tokens", "train.lr", "train.epochs", "train.batch");

    public override IEnumerable<Symbol> Symbols => [model, .. data.All, gguf, .. recipe.All];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.OnError;

    public override string Details =>
        """
        Evaluates the model, samples solutions, checks them, draws again with hints where questions lack right solutions
        (Guided Self-Improvement, arXiv:2411.00750), fine-tunes on what was right, and keeps the round that does best on
        validation questions. The final figure comes from test questions that were never trained on.

        --out receives run.json, metrics.jsonl, report.html and model/. Started again with the same --out it goes on where
        it stopped. Rows of your own are trained on directly first (--seed-set no leaves that out).
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("improve", "a weak built-in model on the built-in task, in a few minutes"),
        new("improve --model model.gguf --data messages.csv --out runs/spam", "your model on your rows, with LoRA when it is large"),
        new("improve --model models/seed --data svamp.json --map question=Body,Question --map answer=Answer", "columns by other names"),
        new("improve --quick --out runs/quick", "a short run that shows everything working"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        ImproveOptions options = recipe.Bind(run);
        Dataset? rows = data.Path(run) is null ? null : data.Load(run, run.OnError);
        using WorkerPool workers = new(run.Threads);
        string path = ModelArgument.Locate(run.Get(model)!);
        TextModel loaded = TextModel.Open(path, workers);
        RunContext context = run.Context(run.Out ?? Path.Combine("runs", "improve"));
        JsonObject result = GuidedSelfImprovementRecipe.Run(loaded, path, rows, options, run.Get(gguf), ProductVersion.Text, context);
        if (run.IsJson) run.WriteJson(result);
        else Print(run, result, context.Folder);
        return Task.FromResult(0);
    }

    private static void Print(CommandRun run, JsonObject result, string folder)
    {
        run.Output.WriteLine($"before  {Share(result["before"]!)}");
        run.Output.WriteLine($"after   {Share(result["after"]!)}");
        JsonNode test = result["paired_test"]!;
        run.Output.WriteLine($"change  {(double)result["difference_points"]!:+0.0;-0.0;0.0} points; {test["wrong_to_right"]} became right, {test["right_to_wrong"]} became wrong, exact McNemar p {PairedTests.Show((double)test["p_value"]!)}");
        if (!(bool)result["helped"]!) run.Output.WriteLine("no round did better than the start: the model is unchanged");
        run.Output.WriteLine($"report  {Path.Combine(folder, "report.html")}");
        run.Output.WriteLine($"model   {Path.Combine(folder, "model")}");
    }

    private static string Share(JsonNode node) =>
        $"{(double)node["accuracy"]!,6:P1}  ({node["right"]} of {node["count"]}; 95 %: {(double)node["low"]!:P1} to {(double)node["high"]!:P1})";
}
