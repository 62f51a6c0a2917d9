using System.CommandLine;
using System.Net;
using Hone.Cli.Options;
using Hone.Inference;
using Hone.Inference.Adapters;
using Hone.Inference.Caches;
using Hone.Inference.Chat;
using Hone.Inference.Embedding;
using Hone.Models.Loading;
using Hone.Server;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;

namespace Hone.Cli.Commands;

[CliCommand("serve", "Serve a model to any OpenAI client.")]
internal sealed class ServeCommand : CliCommand
{
    private readonly Option<string?> model = CliOptions.Text("--model", "Model that chats and completes: a folder, a file, or org/name of a pulled one.", "MODEL");
    private readonly Option<string?> embedModel = CliOptions.Text("--embed-model", "Model that makes vectors, such as a MiniLM. Without it the chat model's hidden states are pooled.", "MODEL");
    private readonly Option<string[]> adapters = CliOptions.Texts("--adapter", "LoRA adapter beside the model, chosen by requests as model NAME. Repeatable.", "NAME=DIR");
    private readonly Option<string?> kv = CliOptions.Text("--kv", "How keys and values are kept, for example policy=snapkv,keep=0.25,bits=4; exact if left out.", "KEY=VALUE,...");
    private readonly Option<string?> name = CliOptions.Text("--name", "Name of the model in requests; the last part of its path if left out.");
    private readonly Option<string?> host = CliOptions.Text("--host", "Address to listen at; 127.0.0.1 if left out, 0.0.0.0 for all of this machine's.", "ADDRESS");
    private readonly Option<int> port = CliOptions.Number("--port", "Port; 0 takes a free one.", 8080, 0, 65_535);
    private readonly Option<string?> keyFile = CliOptions.Text("--api-key-file", "File with one key a line, of which requests must bring one.", "FILE");
    private readonly Option<int?> context = CliOptions.OptionalNumber("--max-context", "Most tokens of prompt and reply together; what the model was made for if left out.", 1, int.MaxValue);
    private readonly Option<int> sequences = CliOptions.Number("--max-sequences", "Most continuations decoded together.", 64, 1, 4096);
    private readonly Option<int> queue = CliOptions.Number("--max-queue", "Most requests that wait for a place; further ones get 429.", 256, 0, 100_000);
    private readonly Option<double?> cache = CliOptions.OptionalNumber("--cache-gb", "Most memory for keys and values, in GB; a quarter of the machine's if left out.", 0.001, 10_000);
    private readonly Option<double> timeout = CliOptions.Number("--request-timeout", "Longest a request may take, in seconds.", 600.0, 1, 1e6);
    private readonly Option<double> drain = CliOptions.Number("--drain-timeout", "Longest that accepted requests are waited for on Ctrl-C, in seconds.", 30.0, 0, 1e6);
    private readonly PrecisionOption precision = new(Precision.Stored);
    private readonly Option<string?> traces = CliOptions.Text("--otlp", "Where traces are sent, such as http://localhost:4317; OTEL_EXPORTER_OTLP_ENDPOINT if left out.", "URL");

    public override IEnumerable<Symbol> Symbols =>
        [model, embedModel, adapters, kv, name, host, port, keyFile, context, sequences, queue, cache, timeout, drain, precision.Option, traces];

    public override SharedOptions Shared => SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Addresses: /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models, /tokenize, /detokenize, /health, /status,
        /metrics (Prometheus), and / with a page to chat in a browser. Requests of all clients are decoded together; prompts
        that begin alike are computed once. Tool calls, JSON schemas, log-probabilities, logit bias, seeds and stop texts work
        as OpenAI documents them; guided_regex, guided_choice and guided_grammar, top_k and min_p as servers of open models
        have them. docs/serve.md has the details and what was measured.

        Only this machine reaches the server unless --host says otherwise. Ctrl-C lets accepted requests finish; the second
        one stops at once.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("serve --model models/seed", "at http://127.0.0.1:8080/v1, with a page at http://127.0.0.1:8080/"),
        new("serve --model base --adapter maths=runs/maths/adapter --adapter polite=runs/dpo/adapter", "two adapters beside their base, in one batch"),
        new("serve --model model.gguf --embed-model sentence-transformers/all-MiniLM-L6-v2 --port 9000", "chat and vectors at another port"),
        new("serve --model models/seed --kv bits=8", "keys and values rounded to 8 bits"),
        new("serve --model models/seed --host 0.0.0.0 --api-key-file keys.txt", "for other machines, with keys"),
    ];

    public override async Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        ServerOptions options = Options(run);
        using ServedModels models = Load(run, workers, options);
        await using HoneServer server = await HoneServer.StartAsync(models, options, run.Reporter);
        if (!IPAddress.IsLoopback(options.Address) && options.ApiKeys.Count == 0)
            run.Reporter.Warn($"anybody who reaches {options.Address} can use this server. Give --api-key-file, or leave out --host.");
        run.Reporter.Line($"serving {string.Join(", ", models.All.Select(m => m.Name))} at {server.Address}v1 (a page at {server.Address}). Ctrl-C stops.");
        await WaitForEnd(run.Cancellation);
        run.Reporter.Line("finishing accepted requests.");
        await server.StopAsync();
        return CliApp.Done;
    }

    private static async Task WaitForEnd(CancellationToken cancellation)
    {
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = cancellation.Register(() => stopped.TrySetResult());
        await stopped.Task;
    }

    private ServerOptions Options(CommandRun run)
    {
        ServerOptions defaults = new();
        return defaults with
        {
            Address = run.Get(host) is { } text ? ParseAddress(text) : defaults.Address,
            Port = run.Get(port),
            ApiKeys = run.Get(keyFile) is { } file ? ReadKeys(file) : [],
            MaxContext = run.Get(context),
            MaxSequences = run.Get(sequences),
            MaxQueue = run.Get(queue),
            CacheBytes = run.Get(cache) is { } gigabytes ? (long)(gigabytes * 1e9) : defaults.CacheBytes,
            RequestTimeout = TimeSpan.FromSeconds(run.Get(timeout)),
            DrainTimeout = TimeSpan.FromSeconds(run.Get(drain)),
            TraceEndpoint = run.Get(traces) is not { } url ? null
                : Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" ? uri
                : throw new HoneException($"--otlp: '{url}' is not an address. Expected one like http://localhost:4317."),
            Seed = run.Seed,
        };
    }

    private ServedModels Load(CommandRun run, WorkerPool workers, ServerOptions options)
    {
        if (run.Get(model) is null && run.Get(embedModel) is null) throw new HoneException("nothing to serve: give --model, --embed-model or both.");
        ServedModels models = new();
        if (run.Get(model) is { } path)
        {
            LoadedModel loaded = ModelOptions.Load(run, path, precision.Read(run));
            KvPlan? plan = run.Get(kv) is { } text ? new KvPlan(KvPlan.Parse(text, RecipeLibrary.Components), loaded.Model, workers) : null;
            EngineOptions engine = new()
            {
                Workers = workers,
                MaxSequences = options.MaxSequences,
                TakeTurns = true,
                PrefixTokens = plan?.NewCache is not null ? 0 : (int)Math.Min(options.CacheBytes / 4 / loaded.Model.Config.KvBytesPerToken, int.MaxValue),
                Adapters = Adapters(run.Get(adapters)!, loaded, workers),
                CreateCache = plan?.NewCache,
                CacheCost = plan is null ? null : KvCost.Of(plan),
            };
            models.Add(run.Get(name) ?? NameOf(path), new ChatHost(loaded, engine));
        }
        else if (run.Get(adapters)!.Length > 0)
        {
            throw new HoneException("--adapter needs the --model it belongs to.");
        }
        if (run.Get(embedModel) is { } embedding) models.Add(NameOf(embedding), Embedder.Load(ModelArgument.Locate(embedding), null, workers));
        return models;
    }

    private static AdapterSet? Adapters(string[] given, LoadedModel loaded, WorkerPool workers)
    {
        if (given.Length == 0) return null;
        AdapterSet set = new(loaded.Model);
        foreach (string entry in given)
        {
            int equals = entry.IndexOf('=');
            if (equals <= 0 || equals == entry.Length - 1) throw new HoneException($"--adapter: '{entry}' must be NAME=DIR, such as maths=runs/maths/adapter.");
            string folder = ModelOptions.RequireFolder(entry[(equals + 1)..]);
            set.Add(entry[..equals], target => ModelAdapter.LoadBesideOthers(target, folder, workers));
        }
        return set;
    }

    private static string NameOf(string path) => Path.GetFileNameWithoutExtension(path.TrimEnd('/') + (Directory.Exists(path) ? "." : ""));

    private static IPAddress ParseAddress(string text) => text == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(text, out IPAddress? address) ? address
        : throw new HoneException($"--host: '{text}' is not an address. Expected one like 127.0.0.1 or 0.0.0.0.");

    private static string[] ReadKeys(string file)
    {
        if (!File.Exists(file)) throw new HoneException($"{file}: no such file. --api-key-file takes a file with one key a line.");
        string[] keys = [.. File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && !line.StartsWith('#'))];
        return keys.Length > 0 ? keys : throw new HoneException($"{file}: holds no keys. Write one a line.");
    }
}
