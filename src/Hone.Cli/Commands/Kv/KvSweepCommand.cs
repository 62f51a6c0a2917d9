using System.CommandLine;
using System.Globalization;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Methods.KvCache;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands.Kv;

[CliCommand("kv sweep", "Compare many cache settings: quality against bytes, as a page.")]
internal sealed class KvSweepCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly KvTaskFlags tasks = new();
    private readonly Option<string?> policies = CliOptions.Text("--policies", "Policies, comma-separated. [default: full,streaming_llm,snapkv,h2o,knorm]", "LIST");
    private readonly Option<string?> keeps = CliOptions.Text("--keeps", "Shares of the tokens, comma-separated. [default: 0.5,0.25,0.125]", "LIST");
    private readonly Option<string?> bits = CliOptions.Text("--bits", "Bits, comma-separated. [default: 16,4]", "LIST");
    private readonly Option<string[]> settings = CliOptions.Texts("--kv", "A whole setting, for example policy=prefixkv,layers=uniform,keep=0.25, compared with the others; without --policies alone. Repeatable.", "KEY=VALUE,...");

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. tasks.All, policies, keeps, bits, settings];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.Out;

    public override string Details =>
        """
        Every setting sees the same prompts; the full cache's answers are computed once. With --out a folder gets
        sweep.json and sweep.html, one page without scripts: quality against bytes with the Pareto front, divergence from
        the full cache, and all numbers. Settings that do not go together are listed with the reason.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("kv sweep --model models/seed --tasks stream --out runs/sweep", "the usual policies on running text"),
        new("kv sweep --model models/seed --tasks stream --kv policy=prefixkv,keep=0.25 --kv policy=prefixkv,layers=pyramid,keep=0.25", "two ways of dividing over layers"),
        new("kv sweep --model models/seed --policies snapkv,prefixkv --keeps 0.25,0.125 --bits 32,4,2 --json", "two policies at three precisions"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        KvEvaluationOptions options = tasks.Read(run) with { SpeedTokens = 0 };
        double[] shares = Numbers(run.Get(keeps) ?? "0.5,0.25,0.125", "--keeps", "a share above 0 and at most 1", keep => keep is > 0 and <= 1);
        int[] precisions = [.. Numbers(run.Get(bits) ?? "16,4", "--bits", "32, 16, 8, 4, 3 or 2", b => b is 2 or 3 or 4 or 8 or 16 or 32).Select(b => (int)b)];
        using WorkerPool workers = new(run.Threads);
        TextModel text = model.Open(run, workers);
        KvSweep sweep = new(new KvEvaluation(text, options, tasks.Text(run), run.Context("")), RecipeLibrary.Components);
        string[] whole = run.Get(settings) ?? [], names = (run.Get(policies) ?? (whole.Length > 0 ? "" : "full,streaming_llm,snapkv,h2o,knorm"))
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (whole.Length + names.Length == 0) throw new HoneException("--policies: no names. Give some, or whole settings with --kv.");
        sweep.Run(names, shares, precisions);
        foreach (string setting in whole) sweep.Run(setting);
        if (run.Out is { } folder)
        {
            Directory.CreateDirectory(folder);
            AtomicFile.WriteText(Path.Combine(folder, "sweep.json"), sweep.ToJson().ToJsonString(Jsonl.Indented) + "\n");
            sweep.WriteHtml(Path.Combine(folder, "sweep.html"), model.Name(run));
            run.Reporter.Line($"{Path.Combine(folder, "sweep.html")} written.");
        }
        if (run.IsJson) run.WriteJson(sweep.ToJson());
        else run.WriteTable(sweep.Table());
        foreach ((string setting, string reason) in sweep.Refused) run.Reporter.Warn($"{setting}: {reason}");
        return Task.FromResult(CliApp.Done);
    }

    private static double[] Numbers(string list, string option, string expected, Func<double, bool> isRight) =>
    [
        .. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(item => double.TryParse(item, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && isRight(number) ? number
                : throw new HoneException($"{option}: '{item}' is not {expected}. Separate several by commas.")),
    ];
}
