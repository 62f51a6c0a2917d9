using System.CommandLine;
using Hone.Cli.Options;
using Hone.Models.Decoder;
using Hone.Models.Loading;

namespace Hone.Cli.Bench;

/// <summary>The model a benchmark runs: <c>--model</c>, or random weights by <c>--shape</c>.</summary>
internal sealed class BenchModel
{
    private readonly Option<string?> model = CliOptions.Text("--model", "Model to measure; left out: random weights of --shape.", "MODEL");
    private readonly Option<string?> shape;
    private readonly PrecisionOption precision;
    private readonly string defaultShape;

    public BenchModel(string defaultShape = BenchShape.Default, Precision defaultPrecision = Precision.Fast)
    {
        (this.defaultShape, precision) = (defaultShape, new(defaultPrecision));
        shape = CliOptions.Text("--shape", $"Random model: layers, dim, heads, kv, ff, vocab, and maybe head and context [default: {defaultShape}].", "SIZES");
    }

    public IEnumerable<Option> All => [model, shape, precision.Option];

    /// <summary>Loads or makes the model.</summary>
    /// <exception cref="HoneException">Both options at once, a bad shape, a model that cannot be read.</exception>
    public LoadedModel Load(CommandRun run)
    {
        if (run.Get(model) is { } name)
            return run.Get(shape) is null ? ModelOptions.Load(run, name, precision.Read(run)) : throw new HoneException("give --model or --shape, not both.");
        return new LoadedModel(BenchShape.Model(run.Get(shape) ?? defaultShape));
    }

    /// <summary>How exactly it computes.</summary>
    public LoadOptions Options(CommandRun run) => precision.Read(run);

    /// <summary>Where the named model lies; null for a random one.</summary>
    public string? Path(CommandRun run) => run.Get(model) is { } name ? ModelArgument.Locate(name) : null;

    /// <summary>What the result calls it.</summary>
    public string Name(CommandRun run) => run.Get(model) is { } name ? System.IO.Path.GetFileName(name.TrimEnd('/')) : run.Get(shape) ?? defaultShape;

    /// <summary>Token ids that repeat nothing within a few hundred.</summary>
    public static int[] Tokens(LanguageModel model, int count, int seed = 1)
    {
        RandomStream random = new RandomStream(seed, "bench/tokens");
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) ids[i] = random.Next(model.Config.VocabularySize);
        return ids;
    }
}
