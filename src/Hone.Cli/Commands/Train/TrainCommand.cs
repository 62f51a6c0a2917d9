using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Models.Loading;
using Hone.Models.Templates;
using Hone.Models.Text;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("train", "Train a model on your rows.")]

namespace Hone.Cli.Commands.Train;

/// <summary>What every trainer's command has in common.</summary>
/// <typeparam name="T">The trainer's options.</typeparam>
/// <param name="rows">What rows it takes, for its help.</param>
/// <param name="needsData">Whether rows have to be given.</param>
/// <param name="exposed">Options that get a short name, besides those of every trainer.</param>
internal abstract class TrainCommand<T>(string rows, bool needsData, params string[] exposed) : CliCommand where T : TrainerOptions
{
    private readonly Option<string> model = ModelArgument.Option();
    private readonly Option<string?> tokenizer = CliOptions.Text("--tokenizer", "Folder or file with the tokenizer and chat template; those of the model when left out.", "PATH");
    private readonly Option<bool> dryRun = CliOptions.Flag("--dry-run", "Compute loss and metrics of the first batch, in the order of the file, and update nothing.");
    private readonly DataOptions data = new(rows, needsData);
    private readonly RecipeOptions<T> recipe = new(
        null, [.. exposed, "lora_rank", "keep_quantized", "max_length", "truncation", "merge", "train.steps", "train.epochs", "train.lr", "train.batch", "train.schedule", "train.warmup",
            "train.optimizer", "train.weight_decay", "train.recompute", "train.micro_tokens", "train.max_grad_norm", "train.max_loss", "train.checkpoint_every"]);

    public override IEnumerable<Symbol> Symbols => [model, tokenizer, .. data.All, dryRun, .. recipe.All];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.OnError;

    public override string Details =>
        """
        Writes metrics.jsonl, checkpoints and the result to --out: a Hugging Face folder in model/, or with --lora-rank a
        PEFT adapter in adapter/ (--merge writes it into the weights instead; --keep-quantized leaves a .gguf file's matrices in
        their few bits while the adapter learns). report.html shows the curves. A run that was
        stopped, even killed, goes on from its last checkpoint when started again, to the same bits; started again with other
        settings or rows it is refused. It stops by itself where the loss or the KL divergence runs away (--max-loss, --max-kl).
        """;

    /// <summary>Last word of the command, which names the default output folder.</summary>
    protected abstract string Name { get; }

    public override Task<int> RunAsync(CommandRun run)
    {
        T options = recipe.Bind(run);
        Dataset loaded = data.Path(run) is null ? BuiltIn(run.Seed) : data.Load(run, run.OnError);
        using WorkerPool workers = new(run.Threads);
        Source source = new(ModelArgument.Locate(run.Get(model)!), run.Get(tokenizer), workers, options.KeepQuantized, run.OnError);
        if (run.OnError == OnError.Skip) loaded = Readable(loaded, source, run.Reporter);
        JsonObject result = Train(source, loaded, options, run.Context(run.Out ?? Path.Combine("runs", Name)), run.Get(dryRun));
        if (run.IsJson) run.WriteJson(result);
        else run.Output.WriteLine(Summary(result));
        return Task.FromResult(0);
    }

    /// <summary>Rows where none were given.</summary>
    protected virtual Dataset BuiltIn(long seed) => throw new HoneException("give rows with --data.");

    /// <summary>What else a row must pass before the training begins, under <c>--on-error skip</c>.</summary>
    /// <exception cref="HoneException">It cannot be used.</exception>
    protected virtual void Check(ModelText text, Row row) => ReadableRows.Check(text, row);

    /// <summary>The rows that pass <see cref="Check"/>.</summary>
    protected Dataset Readable(Dataset data, Source source, IReporter reporter)
    {
        Tokenizer tokens = Tokenizer.Load(source.Tokenizer ?? source.Model);
        ModelText text = new(tokens, ConversationRenderer.TryFor(tokens), []);
        return ReadableRows.Of(data, row => Check(text, row), error => reporter.Warn($"left out: {error.Message}"));
    }

    /// <summary>Does the work.</summary>
    protected abstract JsonObject Train(Source source, Dataset data, T options, RunContext run, bool dryRun);

    private static string Summary(JsonObject result) => result["dry_run"] is not null
        ? string.Join('\n', result.Select(r => $"{r.Key}: {r.Value?.ToJsonString() ?? "not a number"}"))
        : $"{result["rows"]} rows, {result["steps"]} steps, loss {(double?)result["loss_first"]:0.000} → {(double?)result["loss_last"]:0.000}; saved in {result["out"]}";

    /// <summary>Where the model comes from.</summary>
    protected sealed record Source(string Model, string? Tokenizer, WorkerPool Workers, bool KeepQuantized, OnError OnError)
    {
        public TextModel Open()
        {
            LoadOptions options = new() { KeepQuantized = KeepQuantized, PreciseInputs = true };
            return Tokenizer is null ? TextModel.Open(Model, Workers, options) : TextModel.Open(Model, Tokenizer, Workers, options);
        }
    }
}
