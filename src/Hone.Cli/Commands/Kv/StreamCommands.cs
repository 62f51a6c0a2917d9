using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;
using Hone.Methods.LtriLlm;
using Hone.Tensors.Threads;

[assembly: Hone.Cli.CliGroup("kv heads", "Find out what single heads do.")]
[assembly: Hone.Cli.CliGroup("kv spans", "Look at the spans a text is cut into.")]

namespace Hone.Cli.Commands.Kv;

/// <summary>Which generated texts a model is asked about.</summary>
internal sealed class LongTaskOptions(string defaultTask, int defaultLength, int defaultSamples)
{
    private readonly Option<string?> tasks = CliOptions.Text("--tasks", $"Tasks, with commas: {string.Join(", ", LongContextTasks.Names)}; ruler or recall for groups. [default: {defaultTask}]", "NAMES");
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of a text with its question and answer.", defaultLength, 16, 1 << 24);
    private readonly Option<int> samples = CliOptions.Number("--samples", "Texts for each task.", defaultSamples, 1, 1 << 20);
    private readonly Option<double?> depth = CliOptions.OptionalNumber("--depth", "Place of the evidence, from 0 (start) to 1 (end); drawn when left out.", 0.0, 1.0);
    private readonly Option<bool> compact = CliOptions.Flag("--compact", "The shortest wording, which the built-in recall model reads.");

    public IEnumerable<Option> All => [tasks, length, samples, depth, compact];

    public IReadOnlyList<LongContextSample> Make(CommandRun run, TextModel model)
    {
        LongContextOptions options = new()
        {
            Length = run.Get(length),
            Wording = run.Get(compact) ? TaskWording.Compact : TaskWording.Full,
            CountTokens = text => model.Tokenizer.Encode(text).Length,
            Depth = run.Get(depth),
        };
        string[] names = (run.Get(tasks) ?? defaultTask).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return [.. LongContextTasks.Parse(names).SelectMany(task => task.Take(options, run.Seed, run.Get(samples)))];
    }
}

[CliCommand("kv stream", "Read texts of any length through a bounded window, bringing back what a question needs.")]
internal sealed class StreamCommand : CliCommand
{
    private readonly ModelOptions model = new();
    private readonly LongTaskOptions tasks = new("niah_single_2", 4096, 8);
    private readonly RecipeOptions<LtriOptions> options = new(null);
    private readonly Option<string?> text = CliOptions.Text("--text", "A text of your own to read instead of tasks.", "FILE");
    private readonly Option<string[]> ask = CliOptions.Texts("--ask", "With --text: a question, or the beginning of an answer, put when the text is read. Repeatable.");
    private readonly Option<int> maxTokens = CliOptions.Number("--max-tokens", "Most tokens of an answer to --ask.", 64, 1, 1 << 20);
    private readonly Option<string?> state = CliOptions.Text("--state", "With --text: folder in which the stream is saved as it is read, and taken up again when the command is repeated.", "DIR");
    private readonly Option<int> saveEvery = CliOptions.Number("--save-every", "Tokens between two saves.", 4096, 1, 1 << 30);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. tasks.All, .. options.All, text, ask, maxTokens, state, saveEvery];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override string Details =>
        """
        Tokens that leave the window are cut into spans where attention forms triangles (Ltri-LLM), kept with a few index vectors, and
        brought back when queries match them. --spans blocks cuts evenly (InfLLM), --spans random anywhere, --spans none forgets
        (StreamingLLM). The same store serves generation: hone generate --kv policy=full,format=ltri,window=512.
        With --state keys and values lie in a folder. A run that was ended, even by force, goes on from its last save; a text that
        has grown since is read on; questions can be asked later without reading anything again.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("kv stream --model models/seed-recall --compact --tasks niah_multikey_2 --length 16384 --samples 4", "eight times the trained length"),
        new("kv stream --model models/seed-recall --compact --length 16384 --spans none", "what a sliding window alone finds"),
        new("kv stream --model models/seed-recall --text facts.txt --state runs/facts --ask \" ? wet cat\" --max-tokens 2", "a text of your own, kept to be asked again"),
    ];

    public override Task<int> RunAsync(CommandRun run)
    {
        LtriOptions settings = options.Bind(run);
        string? path = run.Get(text), folder = run.Get(state);
        if (path is null && (folder is not null || run.Get(ask) is { Length: > 0 })) throw new HoneException("--ask and --state go with a text of your own. Give one with --text.");
        if (folder is not null && settings.Folder.Length > 0) throw new HoneException("--state and --folder both say where keys and values go. Give one of them.");
        string? read = path is null ? null : TextFile.Read(path);
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        if (read is null) Print(run, StreamEvaluation.Run(opened, settings, tasks.Make(run, opened), run.Context("")));
        else Print(run, TextStream.Run(opened, settings, read, new(folder ?? "", run.Get(saveEvery), run.Get(ask) ?? [], run.Get(maxTokens)), run.Context("")));
        return Task.FromResult(CliApp.Done);
    }

    private static void Print(CommandRun run, StreamResult result)
    {
        if (run.IsJson)
        {
            run.WriteJson(result.ToJson());
            return;
        }
        run.Output.WriteLine($"{result.Accuracy:P1} of {result.Samples} questions right, {result.EvidenceRecall:P1} of the evidence within reach");
        if (result.Spans > 0) run.Output.WriteLine($"{result.Spans:N0} spans in a layer of {result.SpanLength:0.0} tokens, {result.FillerShare:P0} of them without a triangle");
        run.Output.WriteLine($"at most {result.Attended:N0} keys for a token; {result.Bytes:N0} bytes in memory, {result.IndexBytes:N0} of them index; {result.Tokens / result.Seconds:N0} tokens/s");
    }

    private static void Print(CommandRun run, TextStreamResult result)
    {
        if (run.IsJson)
        {
            run.WriteJson(result.ToJson());
            return;
        }
        foreach ((string question, string answer) in result.Answers) run.Output.WriteLine($"{question}{answer}");
        string before = result.ResumedAt > 0 ? $", {result.ResumedAt:N0} of them before" : "";
        run.Reporter.Line($"{result.Tokens:N0} tokens read{before}; {result.Spans:N0} spans in a layer; {result.Bytes:N0} bytes in memory, {result.IndexBytes:N0} of them index, {result.DiskBytes:N0} on disk");
    }
}

[CliCommand("kv heads detect", "Find the heads that copy from far back, for kv stream --heads.")]
internal sealed class HeadsDetectCommand : CliCommand
{
    private readonly ModelOptions model = new();
    private readonly LongTaskOptions tasks = new("niah_single_2", 512, 8);
    private readonly Option<int> top = CliOptions.Number("--top", "Heads to print.", 8, 1, 1 << 16);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. tasks.All, top];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override IReadOnlyList<Example> Examples { get; } = [new("kv heads detect --model models/seed-recall --compact --length 512", "heads of the built-in recall model")];

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        HeadScore[] best = [.. RetrievalHeads.Detect(opened, tasks.Make(run, opened), run.Context("")).Take(run.Get(top))];
        if (run.IsJson) run.WriteJson(new JsonArray([.. best.Select(h => (JsonNode)new JsonObject { ["layer"] = h.Layer, ["head"] = h.Head, ["score"] = h.Score })]));
        else
            foreach (HeadScore head in best) run.Output.WriteLine($"{head}  {head.Score:P1}");
        return Task.FromResult(CliApp.Done);
    }
}

[CliCommand("kv spans inspect", "Show the spans that a generated text is cut into.")]
internal sealed class SpansInspectCommand : CliCommand
{
    private readonly ModelOptions model = new();
    private readonly LongTaskOptions tasks = new("niah_single_2", 2048, 1);
    private readonly RecipeOptions<LtriOptions> options = new(null);
    private readonly Option<int> layer = CliOptions.Number("--layer", "Layer to show.", 0, 0, 1 << 16);

    public override IEnumerable<Symbol> Symbols => [.. model.All, .. tasks.All, .. options.All, layer];

    public override SharedOptions Shared => SharedOptions.Json | SharedOptions.Quiet | SharedOptions.Seed | SharedOptions.Threads;

    public override IReadOnlyList<Example> Examples { get; } = [new("kv spans inspect --model models/seed-recall --compact --window 128 --layer 1", "spans of the second layer")];

    public override Task<int> RunAsync(CommandRun run)
    {
        using WorkerPool workers = new(run.Threads);
        TextModel opened = model.Open(run, workers);
        if (run.Get(layer) >= opened.Model.Config.Layers) throw new HoneException($"--layer: {run.Get(layer)} is out of range; the model has layers 0 to {opened.Model.Config.Layers - 1}.");
        using StreamSession session = new(opened, options.Bind(run));
        StreamTask task = StreamTask.Of(opened, tasks.Make(run, opened)[0]);
        session.Read(task.Context);
        IReadOnlyList<TokenSpan> spans = session.Layers[run.Get(layer)].Spans;
        string Text(TokenSpan span) => opened.Text.Decode(task.Context.AsSpan(span.Start, span.Length));
        if (run.IsJson)
            run.WriteJson(new JsonArray([.. spans.Select(s => (JsonNode)new JsonObject { ["start"] = s.Start, ["length"] = s.Length, ["score"] = s.Score, ["text"] = Text(s) })]));
        else
            foreach (TokenSpan span in spans) run.Output.WriteLine($"{span.Start,6} +{span.Length,-3} {span.Score,7:0.00}  {Text(span)}");
        return Task.FromResult(CliApp.Done);
    }
}
