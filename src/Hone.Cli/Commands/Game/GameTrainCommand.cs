using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.TwoPlayerGames;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("game", "Games of two players: an adversary against a defender.")]

namespace Hone.Cli.Commands.Game;

[CliCommand("game train", "Train a defender against an adversary that looks for questions it answers badly.")]
internal sealed class GameTrainCommand : CliCommand
{
    private readonly Option<string> defender = ModelArgument.Option(name: "--defender");
    private readonly Option<string?> adversary = CliOptions.Text("--adversary", "Model that asks: as --defender; a second copy of the defender when left out.", "MODEL");
    private readonly DataOptions data = new("Seeds: rows with prompt (a text or messages) or question.");
    private readonly Option<bool> dryRun = CliOptions.Flag("--dry-run", "Play one step, compute its loss and metrics, and change nothing.");
    private readonly RecipeOptions<GameOptions> recipe = new(
        null, "guard", "encoder", "defend_steps", "attack_steps", "bleu_weight", "embed_weight", "attack_template", "max_attack_length", "max_completion_length", "temperature", "top_p",
        "repetition_penalty", "adversary_rate", "held_out_share", "evaluate_every", "advantage.kl_coef", "lora_rank", "merge", "max_length", "train.steps", "train.lr", "train.batch", "train.schedule",
        "train.warmup", "train.max_kl", "train.checkpoint_every");

    public override IEnumerable<Symbol> Symbols => [defender, adversary, .. data.All, dryRun, .. recipe.All];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.OnError;

    public override string Details =>
        """
        The adversary rewrites seed questions; the defender answers; a guard says how safe the answer is. For some steps the
        defender learns to be safe, for some the adversary to find what is not, and to find something new each time: likeness
        to its earlier attacks is taken off its reward. Both learn by PPO and are kept near their start.

        --guard rule:FILE (regular expressions of what must not be said), guard:MODEL (a model that says safe or unsafe),
        model:DIR (a reward model), judge:ENDPOINT or script:FILE.csx, whose score is the probability of being safe.

        Writes defender/, adversary/, best/, evaluations/, metrics.jsonl and report.html to --out. Attacks are kept in
        attacks.jsonl and never printed. A run that was stopped goes on from its last checkpoint, to the same bits.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("game train --defender model --data questions.jsonl --guard rule:forbidden.txt --lora-rank 8 --lr 1e-5 --out runs/game", "adapters for both players, rules as guard"),
        new("game train --defender model --adversary attacker --data questions.jsonl --guard guard:guard-model --dry-run --json", "one step, nothing changed"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        GameOptions options = recipe.Bind(run);
        if (options.Guard.Length == 0) throw new HoneException("say who judges with --guard, for example --guard rule:forbidden.txt.");
        Dataset seeds = data.Load(run, run.OnError);
        using WorkerPool workers = new(run.Threads);
        string path = ModelArgument.Locate(run.Get(defender)!);
        TextModel answers = TextModel.Open(path, workers);
        TextModel asks = TextModel.Open(run.Get(adversary) is { } other ? ModelArgument.Locate(other) : path, workers);
        using ISafetyGuard guard = GuardFactory.Open(options.Guard, answers);
        JsonObject result = GameRecipe.Run(answers, asks, seeds, guard, options, run.Context(run.Out ?? Path.Combine("runs", "game")), run.Get(dryRun));
        if (run.IsJson) run.WriteJson(result);
        else run.Output.WriteLine(Summary(result));
        return Task.FromResult(0);
    }

    private static string Summary(JsonObject result) => result["dry_run"] is not null
        ? string.Join('\n', result.Select(r => $"{r.Key}: {r.Value?.ToJsonString() ?? "not a number"}"))
        : $"{result["steps"]} steps, {result["attacks"]} attacks; unsafe answers under attack {Share(result["before"])} → {Share(result["after"])}; saved in {result["out"]} and {result["adversary"]}";

    private static string Share(JsonNode? standing) => standing is null ? "–" : $"{(double)standing["attack_success"]!:P1}";
}
