using System.CommandLine;
using Hone.Core.Recipes;
using Hone.Inference.Caches;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;

namespace Hone.Cli.Options;

/// <summary>The <c>--kv</c> option: how keys and values of what was read are kept.</summary>
internal sealed class KvFlags
{
    private readonly Option<string?> kv = CliOptions.Text(
        "--kv", "How keys and values are kept, for example policy=snapkv,keep=0.25,bits=4; 'hone kv eval --help' explains.", "KEY=VALUE,...");

    public IEnumerable<Option> All => [kv];

    /// <summary>What makes the caches of a model; null for exact ones.</summary>
    /// <exception cref="HoneException">An unknown setting, or settings that do not go together.</exception>
    public Func<LanguageModel, IKvCache>? Factory(CommandRun run, LanguageModel model, WorkerPool workers) =>
        run.Get(kv) is { } text ? KvPlan.Factory(KvPlan.Parse(text, RecipeLibrary.Components), model, workers) : null;
}

/// <summary>Cache settings with an option each, for commands that compare them.</summary>
internal sealed class KvSettingFlags
{
    private readonly Option<string?> policy = CliOptions.Text("--policy", $"Which tokens are kept: {string.Join(", ", Names<IKvPolicy>())}. [default: full]", "NAME");
    private readonly Option<double?> keep = CliOptions.OptionalNumber("--keep", "Share of the tokens that is kept, above 0 and at most 1.", 0.0, 1.0);
    private readonly Option<int?> tokens = CliOptions.OptionalNumber("--keep-tokens", "Tokens kept for each head on average, instead of a share.", 1, int.MaxValue);
    private readonly Option<int?> bits = CliOptions.OptionalNumber("--bits", "Bits for each number: 32, 16, 8, 4, 3 or 2.", 2, 32);
    private readonly Option<string?> allocate = CliOptions.Text("--allocate", $"How the budget is divided over layers and heads: {string.Join(", ", Names<IKvAllocator>())}.", "NAME");
    private readonly Option<string?> format = CliOptions.Text("--format", $"How few bits are laid out: {string.Join(", ", Names<IKvFormat>())}.", "NAME");
    private readonly Option<string?> more = CliOptions.Text("--kv", "Any other setting, for example window=16,kernel=7,group=64,residual=64,every=1.", "KEY=VALUE,...");

    public IEnumerable<Option> All => [policy, keep, tokens, bits, allocate, format, more];

    /// <summary>The settings in one text, as <c>--kv</c> takes it.</summary>
    public string Text(CommandRun run)
    {
        List<string> parts = [];
        void Add(string key, object? value)
        {
            if (value is not null) parts.Add(FormattableString.Invariant($"{key}={value}"));
        }
        if (run.Get(keep) == 0) throw new HoneException("--keep: must be above 0 and at most 1, found 0.");
        Add("policy", run.Get(policy));
        Add("keep", run.Get(keep));
        Add("tokens", run.Get(tokens));
        Add("bits", run.Get(bits));
        Add("allocate", run.Get(allocate));
        Add("format", run.Get(format));
        if (run.Get(more) is { Length: > 0 } text) parts.Add(text);
        return parts.Count == 0 ? "policy=full" : string.Join(',', parts);
    }

    /// <summary>Names of the components for a question.</summary>
    public static IEnumerable<string> Names<T>() =>
        RecipeLibrary.Components.All.Where(component => component.Seam == typeof(T)).Select(component => component.Name).Order(StringComparer.Ordinal);
}

/// <summary>What caches are measured on.</summary>
internal sealed class KvTaskFlags
{
    private readonly Option<string?> tasks = CliOptions.Text("--tasks", "Long-context tasks, comma-separated ('ruler' and 'recall' stand for several), and 'stream' for running text. [default: niah_single_1,niah_multikey_1,passkey,stream]", "LIST");
    private readonly Option<string?> rows = CliOptions.Text("--rows", "JSON Lines of questions about long texts: context, question, answers (and answer_prefix, max_new_tokens), or RULER's input and outputs. Asked instead of the usual tasks.", "FILE");
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of a prompt with its answer.", 512, 64, 1 << 22);
    private readonly Option<int> samples = CliOptions.Number("--samples", "Prompts of each task.", 10, 1, 100_000);
    private readonly Option<string?> text = CliOptions.Text("--text", "Text file for 'stream'; without one, made-up sentences.", "FILE");
    private readonly Option<int> streamTokens = CliOptions.Number("--stream-tokens", "Tokens at the end of each piece of running text that are compared.", 64, 1, 1 << 20);
    private readonly Option<int> speedTokens = CliOptions.Number("--speed-tokens", "Tokens generated for each measurement of speed; 0 for none.", 16, 0, 1 << 16);
    private readonly Option<bool> queryAware = CliOptions.Flag("--query-aware", "Compress context and question together. Without it, a cache is compressed before the question is known.");

    public IEnumerable<Option> All => [tasks, rows, length, samples, text, streamTokens, speedTokens, queryAware];

    public Hone.Methods.KvCache.KvEvaluationOptions Read(CommandRun run)
    {
        Hone.Methods.KvCache.KvEvaluationOptions options = new()
        {
            Length = run.Get(length),
            Samples = run.Get(samples),
            StreamTokens = run.Get(streamTokens),
            SpeedTokens = run.Get(speedTokens),
            QueryAware = run.Get(queryAware),
            Seed = run.Seed,
            Rows = run.Get(rows),
        };
        if (options.Rows is not null) options = options with { Tasks = [] };
        if (run.Get(tasks) is { } list) options = options with { Tasks = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
        options.Check();
        return options;
    }

    /// <summary>The running text, or null.</summary>
    /// <exception cref="HoneException">A file that cannot be read, or no task that reads it.</exception>
    public string? Text(CommandRun run)
    {
        if (run.Get(text) is not { } path) return null;
        return Read(run).Tasks.Contains(Hone.Methods.KvCache.KvEvaluationOptions.Stream) ? TextFile.Read(path)
            : throw new HoneException("--text is what the task 'stream' reads, which is not among --tasks. Add it, or leave out --text.");
    }
}
