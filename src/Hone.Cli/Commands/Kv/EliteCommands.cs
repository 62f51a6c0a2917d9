using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Methods.EliteKv;
using Hone.Methods.LongContext;
using Hone.Models.Formats;
using Hone.Tensors.Threads;
using Hone.Training;

[assembly: Hone.Cli.CliGroup("kv elite", "EliteKV: convert a model to a cache of any share by rotating few chunks and sharing a latent.")]

namespace Hone.Cli.Commands.Kv;

/// <summary>Text that a model is calibrated or measured on.</summary>
internal sealed class SequenceOptions(int defaultCount)
{
    private readonly Option<string?> data = CliOptions.Text("--data", "Text: a .txt file, a table with a column text, or 'recall' for generated facts and questions.", "FILE");
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of a sequence.", 512, 2, 1 << 20);
    private readonly Option<int> sequences = CliOptions.Number("--sequences", "Most sequences.", defaultCount, 1, int.MaxValue);

    public IEnumerable<Option> All => [data, length, sequences];

    public List<int[]> Read(CommandRun run, TextModel model, string purpose) => TokenSequences.Read(
        model, run.Get(data) ?? throw new HoneException("give text with --data, or --data recall for the built-in recall model."),
        Math.Min(run.Get(length), model.Model.Config.MaxPositions), run.Get(sequences), new RandomStream(run.Seed, purpose));
}

[CliCommand("kv elite rank", "Find out which rotary chunks of each head matter.")]
internal sealed class EliteRankCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly SequenceOptions text = new(32);
    private readonly Option<int> pairs = CliOptions.Number("--pairs", "Pairs of a query and a key sampled for each head.", 4096, 1, 1 << 24);
    private readonly Option<ChunkChoice> choice = CliOptions.Choice("--choice", "How chunks are ordered; all but elite are baselines.", ChunkChoice.Elite);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. text.All, pairs, choice];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        A chunk is a pair of channels that rotates together. The greedy search (RoPElite) orders the chunks of every key head so that the
        first r of them, rotated, come closest to the scores with all of them rotated. One order serves every r. Writes JSON to --out.
        """;

    public override IReadOnlyList<Example> Examples { get; } = [new("kv elite rank --model models/seed-recall --data recall --out rank.json", "on generated documents")];

    public override Task<int> RunAsync(CommandRun run)
    {
        string target = run.Out ?? "rank.json";
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        RunContext context = run.Context("");
        ChunkRanking ranking = new RopeChunkRanker(opened.Model, workers).Rank(text.Read(run, opened, "elite/calibration"), run.Get(pairs), run.Get(choice), context);
        ranking.Save(target);
        double[] left = [.. ranking.Orders.Select(layer => layer.Average(head => head.Distances[Math.Max(0, head.Distances.Length / 4 - 1)]))];
        if (run.IsJson) run.WriteJson(new JsonObject { ["out"] = target, ["choice"] = run.Get(choice).ToString(), ["distance_at_quarter"] = new JsonArray([.. left.Select(d => (JsonNode)d)]) });
        else run.Output.WriteLine($"order of {ranking.Orders.Length} layers × {ranking.Orders[0].Length} key heads in {target}; with a quarter of the chunks rotated scores are off by {left.Average():0.###} on average");
        return Task.FromResult(CliApp.Done);
    }
}

[CliCommand("kv elite sweep", "Divide a cache between rotated chunks and latent, by perplexity.")]
internal sealed class EliteSweepCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly SequenceOptions text = new(32);
    private readonly Option<string?> rank = CliOptions.Text("--rank", "Order of the chunks, from 'kv elite rank'.", "FILE", isRequired: true);
    private readonly Option<double> ratio = CliOptions.Number("--ratio", "Cache as a share of the full one.", 0.25, 0.001, 1);
    private readonly Option<int> step = CliOptions.Number("--step", "Step between numbers of chunks.", 1, 1, 1 << 20);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. text.All, rank, ratio, step];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override IReadOnlyList<Example> Examples { get; } = [new("kv elite sweep --model models/seed-recall --data recall --rank rank.json --ratio 0.25", "a quarter of the cache")];

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        IReadOnlyList<SweepPoint> points = EliteSweep.Run(
            opened, ChunkRanking.Load(run.Get(rank)!), run.Get(ratio), text.Read(run, opened, "elite/sweep"), run.Get(step), run.Context(""));
        if (run.IsJson)
        {
            run.WriteJson(new JsonArray([.. points.Select(p => (JsonNode)new JsonObject
            { ["chunks"] = p.Shape.Chunks, ["rank"] = p.Shape.Width, ["ratio"] = p.Ratio, ["perplexity"] = p.Perplexity })]));
            return Task.FromResult(CliApp.Done);
        }
        foreach (SweepPoint point in points) run.Output.WriteLine($"chunks {point.Shape.Chunks,3}  latent {point.Shape.Width,5}  cache {point.Ratio:P1}  perplexity {point.Perplexity:0.####}");
        return Task.FromResult(CliApp.Done);
    }
}

[CliCommand("kv elite convert", "Convert a model to a smaller cache.")]
internal sealed class EliteConvertCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly SequenceOptions text = new(16);
    private readonly Option<string?> rank = CliOptions.Text("--rank", "Order of the chunks, from 'kv elite rank'.", "FILE", isRequired: true);
    private readonly Option<double> ratio = CliOptions.Number("--ratio", "Cache as a share of the full one.", 0.25, 0.001, 1);
    private readonly Option<int?> chunks = CliOptions.OptionalNumber("--chunks", "Chunks that rotate in each key head; left out takes the best by perplexity on --data.", 0, 1 << 16);
    private readonly Option<int?> latent = CliOptions.OptionalNumber("--latent", "Width of the latent, instead of --ratio; with --value-latent that of the keys.", 0, 1 << 24);
    private readonly Option<int?> valueLatent = CliOptions.OptionalNumber("--value-latent", "Width of a latent of its own for values.", 1, 1 << 24);
    private readonly Option<bool> separate = CliOptions.Flag("--separate", "One latent for keys and one for values (S-LRD) instead of a joint one (J-LRD).");

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. text.All, rank, ratio, chunks, latent, valueLatent, separate];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Writes a Hugging Face folder to --out whose config.json holds the chunks that rotate; every command of Hone reads it like any
        other model, and generation keeps only the rotated part of the keys and the latent. Train it on with 'kv elite uptrain'.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("kv elite convert --model models/seed-recall --rank rank.json --data recall --ratio 0.25 --out runs/elite", "the best division of a quarter"),
        new("kv elite convert --model models/mine --rank rank.json --chunks 4 --latent 256 --out runs/elite", "sizes of your own"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        string target = run.Out ?? Path.Combine("runs", "elite");
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        ChunkRanking ranking = ChunkRanking.Load(run.Get(rank)!);
        RunContext context = run.Context("");
        EliteBudget budget = new(run.Get(chunks), run.Get(ratio), run.Get(latent), run.Get(valueLatent), run.Get(separate));
        EliteShape shape = EliteMethod.Choose(opened, ranking, budget, () => text.Read(run, opened, "elite/sweep"), context);
        EliteConversion conversion = EliteConverter.Convert(opened.Model, ranking.Elite(shape.Chunks), shape, context);
        if (conversion.ParametersAfter > conversion.ParametersBefore)
            run.Reporter.Warn($"the converted model has {conversion.ParametersAfter:N0} weights, more than the original's {conversion.ParametersBefore:N0}: its latent is wide.");
        EliteUptraining.With(opened, conversion.Model).Save(target);
        JsonObject json = EliteMethod.ToJson(conversion, shape, opened.Model);
        json["out"] = target;
        if (run.IsJson) run.WriteJson(json);
        else run.Output.WriteLine($"{shape.Chunks} chunks rotate, latent of {shape.Width}: cache {conversion.Ratio:P1} of the full one, {conversion.Energy.Average():P1} of the projections' size kept; model in {target}");
        return Task.FromResult(CliApp.Done);
    }
}

[CliCommand("kv elite uptrain", "Train a converted model on, so that it recovers.")]
internal sealed class EliteUptrainCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly RecipeOptions<EliteUptrainOptions> recipe = new("elitekv-uptrain", "data", "length", "sequences", "train.steps", "train.lr", "train.batch");

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. recipe.All];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Out | SharedOptions.Seed | SharedOptions.Threads;

    public override IReadOnlyList<Example> Examples { get; } =
        [new("kv elite uptrain --model runs/elite --data texts.txt --steps 500 --out runs/elite-trained", "on your own text")];

    public override Task<int> RunAsync(CommandRun run)
    {
        EliteUptrainOptions options = recipe.Bind(run);
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        RunContext context = run.Context(run.Out ?? Path.Combine("runs", "elite-trained"));
        TrainingSummary summary = EliteUptraining.Run(opened, options, context);
        string target = context.PathOf("model");
        opened.Save(target, WeightType.F32);
        JsonObject json = new()
        {
            ["out"] = target,
            ["steps"] = summary.Steps,
            ["loss_first"] = summary.Losses.Count > 0 ? summary.Losses[0] : null,
            ["loss_last"] = summary.Losses.Count > 0 ? summary.Losses[^1] : null,
            ["tokens"] = summary.Tokens,
            ["seconds"] = Math.Round(summary.Seconds, 2),
        };
        if (run.IsJson) run.WriteJson(json);
        else run.Output.WriteLine($"{summary.Steps} steps, loss {(double?)json["loss_first"]:0.000} → {(double?)json["loss_last"]:0.000}; saved in {target}");
        return Task.FromResult(CliApp.Done);
    }
}

[CliCommand("kv elite eval", "Measure a converted model against the original.")]
internal sealed class EliteEvalCommand : CliCommand
{
    private readonly ModelOptions model = new(Precision.Fp32);
    private readonly SequenceOptions text = new(16);
    private readonly Option<string?> original = CliOptions.Text("--original", "The model before conversion.", "MODEL", isRequired: true);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. text.All, original];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override IReadOnlyList<Example> Examples { get; } =
        [new("kv elite eval --model runs/elite --original models/seed-recall --data recall", "perplexity and divergence on generated documents")];

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        TextModel full = new(ModelOptions.Load(run, run.Get(original)!), workers);
        ModelDistance distance = new ModelComparison(full.Model, opened.Model, workers).Run(text.Read(run, full, "elite/eval"));
        long bytes = opened.Model.Config.KvBytesPerToken, fullBytes = full.Model.Config.KvBytesPerToken;
        if (run.IsJson)
        {
            run.WriteJson(new JsonObject
            {
                ["tokens"] = distance.Tokens,
                ["perplexity"] = distance.OtherPerplexity,
                ["full_perplexity"] = distance.ReferencePerplexity,
                ["mean_kl"] = distance.MeanKl,
                ["same_top"] = distance.SameTop,
                ["kv_bytes_per_token"] = bytes,
                ["full_kv_bytes_per_token"] = fullBytes,
            });
            return Task.FromResult(CliApp.Done);
        }
        run.Output.WriteLine($"perplexity {distance.OtherPerplexity:0.####} (original {distance.ReferencePerplexity:0.####}), mean KL {distance.MeanKl:0.####}, same first token {distance.SameTop:P1}");
        run.Output.WriteLine($"cache {bytes:N0} bytes a token ({(double)bytes / fullBytes:P1} of {fullBytes:N0})");
        return Task.FromResult(CliApp.Done);
    }
}
