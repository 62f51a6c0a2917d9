using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Hone.Cli.Options;

namespace Hone.Cli.Commands;

[CliCommand("reproduce", "Run the small-scale experiment of a method and judge its paper's claims.")]
internal class ReproduceCommand : CliCommand
{
    private readonly Argument<string> slug = new("method") { Description = "The method's name; 'hone methods' lists them." };

    private readonly Option<bool> quick = CliOptions.Flag("--quick", "A shortened run: shows that everything works, verdicts may stay open.");

    private readonly Option<int> seeds = CliOptions.Number("--seeds", "Number of seeds the verdicts are computed over.", 3, 1, 1000);

    public override IEnumerable<Symbol> Symbols => [slug, quick, seeds];

    public override SharedOptions Shared =>
        SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed;

    public override string Details =>
        """
        Every claim comes with what was measured, its interval, and a verdict computed from them. The command succeeds
        when it ran to its end: a claim that does not hold is a result, not an error.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("reproduce guided-self-improvement", "claims, measured values and verdicts over 3 seeds"),
        new("reproduce guided-self-improvement --quick --json", "a short run, as JSON"),
        new("reproduce guided-self-improvement --seeds 5 --out runs/gsi", "five seeds, everything kept in runs/gsi"),
    ];

    /// <summary>Where methods come from; tests bring their own.</summary>
    protected virtual IReadOnlyList<MethodEntry> Methods => MethodCatalog.All();

    public override async Task<int> RunAsync(CommandRun run)
    {
        MethodEntry method = Find(run.Get(slug)!);
        ReproductionOptions options = new(run.Get(seeds), run.Get(quick));
        string folder = run.Out ?? Path.Combine("runs", $"reproduce-{method.Info.Slug}");
        IReproduction reproduction = (IReproduction)Activator.CreateInstance(method.Reproduction!)!;
        Stopwatch clock = Stopwatch.StartNew();
        ReproductionResult result = await reproduction.RunAsync(options, run.Context(folder));
        JsonObject json = ToJson(method, options, run.Seed, clock.Elapsed, result);
        AtomicFile.WriteText(Path.Combine(folder, "reproduction.json"), json.ToJsonString(Jsonl.Indented) + "\n");
        if (run.IsJson) run.WriteJson(json);
        else Print(run, method, result);
        run.Reporter.Line($"Kept in {folder}.");
        return CliApp.Done;
    }

    private MethodEntry Find(string slug)
    {
        MethodEntry[] reproducible = [.. Methods.Where(method => method.Reproduction is not null)];
        return reproducible.FirstOrDefault(method => method.Info.Slug == slug)
            ?? throw HoneException.Unknown("method to reproduce", slug, reproducible.Select(method => method.Info.Slug));
    }

    private static void Print(CommandRun run, MethodEntry method, ReproductionResult result)
    {
        run.Output.WriteLine($"{method.Info.Slug}: {method.Info.Paper}{(method.Info.ArXiv.Length > 0 ? $" (arXiv:{method.Info.ArXiv})" : "")}");
        foreach (ResultTable table in result.Tables)
        {
            run.Output.WriteLine();
            run.WriteTable(table);
        }
        foreach (Claim claim in result.Claims)
        {
            run.Output.WriteLine();
            run.Output.WriteLine($"{claim.VerdictText.ToUpperInvariant()}: {claim.Text}");
            run.Output.WriteLine($"  {claim.Measure}: {claim.Measured}; must be {claim.Boundary}");
            if (claim.Note.Length > 0) run.Output.WriteLine($"  {claim.Note}");
        }
    }

    private static JsonObject ToJson(MethodEntry method, ReproductionOptions options, long seed, TimeSpan time, ReproductionResult result)
    {
        JsonObject json = new()
        {
            ["method"] = method.Info.Slug,
            ["paper"] = method.Info.Paper,
            ["arxiv"] = method.Info.ArXiv,
            ["version"] = ProductVersion.Text,
            ["seed"] = seed,
            ["seeds"] = options.Seeds,
            ["quick"] = options.IsQuick,
            ["seconds"] = Math.Round(time.TotalSeconds, 3),
        };
        foreach ((string key, JsonNode? value) in result.ToJson()) json[key] = value?.DeepClone();
        return json;
    }
}
