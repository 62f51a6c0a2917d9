using System.CommandLine;
using System.Globalization;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Methods.KvCache;
using Hone.Methods.PrefixKv;
using Hone.Tensors.Threads;

namespace Hone.Cli.Commands.Kv;

[CliCommand("kv profile", "Estimate from a few texts how a cache is best divided over layers (PrefixKV).")]
internal sealed class KvProfileCommand : CliCommand
{
    private static readonly double[] Usual = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly KvTaskFlags tasks = new();
    private readonly Option<string?> keeps = CliOptions.Text("--keeps", "Shares kept, comma-separated. [default: 0.05 and 0.1 to 0.9]", "LIST");
    private readonly Option<int> start = CliOptions.Number("--start", "First tokens that are always kept, as is the last.", 1, 0, 1 << 20);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. tasks.All, keeps, start];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads | SharedOptions.Out;

    public override string Details =>
        """
        Goes through the contexts of the tasks (or the text), sums the attention every token of every layer receives, and
        searches for each budget the threshold at which all layers hold the same share of it. The mean over texts is the
        profile: a JSON file for policy=prefixkv,profile=FILE. Without a profile the search is done for each prompt.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("kv profile --model models/seed --tasks stream --samples 10 --length 512 --out profile.json", "a profile from made-up text"),
        new("kv eval --model models/seed --tasks stream --policy prefixkv --keep 0.2 --kv profile=profile.json", "use it"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        KvEvaluationOptions options = tasks.Read(run);
        double[] budgets = run.Get(keeps) is { } list
            ? [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Share)]
            : Usual;
        using WorkerPool workers = new(run.Threads);
        TextModel text = model.Open(run, workers);
        List<int[]> texts = [.. KvPrompt.All(text, options).Select(prompt => prompt.Context)];
        if (options.Tasks.Contains(KvEvaluationOptions.Stream)) texts.AddRange(KvStream.Pieces(text, tasks.Text(run), options));
        PrefixProfile profile = PrefixProfiler.Run(text, texts, budgets, new PrefixKvOptions { Start = run.Get(start) }, run.Context(""));
        if (run.Out is { } path) profile.Save(path);
        if (run.IsJson) run.WriteJson(profile.ToJson());
        else Print(run, profile);
        return Task.FromResult(CliApp.Done);
    }

    private static double Share(string item) =>
        double.TryParse(item, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && share is > 0 and <= 1 ? share
            : throw new HoneException($"--keeps: '{item}' is not a share above 0 and at most 1. Example: --keeps 0.1,0.2,0.5.");

    private static void Print(CommandRun run, PrefixProfile profile)
    {
        run.WriteTable(new ResultTable("Share each layer keeps", ["layer", "Gini", .. profile.Budgets.Select(b => $"{b.Keep:0.##}")],
            [.. Enumerable.Range(0, profile.Layers).Select(l => (IReadOnlyList<string>)[$"{l}", $"{profile.Gini[l]:0.000}", .. profile.Budgets.Select(b => $"{1 - b.Forget[l]:0.000}")])]));
        run.Reporter.Line(run.Out is { } path ? $"{path} written, from {profile.Samples} texts." : $"From {profile.Samples} texts. --out FILE saves the profile.");
    }
}
