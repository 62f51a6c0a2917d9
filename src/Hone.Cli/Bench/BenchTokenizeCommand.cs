using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Evaluation.Tasks;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench tokenize", "Turning text into token ids, on one thread.")]
internal sealed class BenchTokenizeCommand : BenchCommand
{
    private const int TextBytes = 1 << 20;

    private readonly Option<string?> tokenizer = CliOptions.Text("--tokenizer", "A tokenizer.json, a model folder, a .gguf file, a llama2.c tokenizer or a pulled org/name. Left out: that of the built-in model.", "PATH");
    private readonly Option<string?> model = CliOptions.Text("--model", "The same as --tokenizer.", "MODEL");
    private readonly Option<string?> data = CliOptions.Text("--data", "Text file to encode. Left out: a megabyte of the built-in word problems.", "FILE");

    protected override IEnumerable<Symbol> Own => [tokenizer, model, data];

    public override string Details => "One thread, whatever --threads says. Megabytes are 10^6 bytes of UTF-8. There is no peak to compare with. The text is encoded line by line; words seen before are remembered, as in use.";

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench tokenize --tokenizer model.gguf --data book.txt", "your text with a model's tokenizer"),
        new("bench tokenize --json", "built-in text and tokenizer"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        Tokenizer loaded = (run.Get(tokenizer) ?? run.Get(model)) is { } path ? Tokenizer.Load(ModelArgument.Locate(path)) : SeedTokenizer.Create(WordProblems.Vocabulary);
        string[] lines = run.Get(data) is { } file ? ReadLines(file) : OwnLines();
        long bytes = lines.Sum(line => (long)Encoding.UTF8.GetByteCount(line));
        List<int> ids = [];
        BenchTimes times = BenchTimer.Run(run, seconds, () =>
        {
            ids.Clear();
            foreach (string line in lines) loaded.Encode(line, ids);
        });
        return new($"tokenize with {loaded.Kind}", bytes * 1e-6 / times.Best, "MB/s", null)
        {
            Median = bytes * 1e-6 / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["bytes"] = bytes, ["tokens"] = ids.Count, ["tokens_per_second"] = ids.Count / times.Best, ["vocabulary"] = loaded.VocabularySize },
        };
    }

    private static string[] ReadLines(string file) => File.Exists(file) ? File.ReadAllText(file).Split('\n') is { Length: > 0 } lines && lines.Any(line => line.Length > 0)
        ? lines : throw new HoneException($"{file}: is empty.") : throw new HoneException($"{file}: no such file.");

    private static string[] OwnLines()
    {
        List<string> lines = [];
        int bytes = 0;
        for (long n = 0; bytes < TextBytes; n++)
        {
            lines.Add(WordProblems.At(ProblemSplit.Train, 0, n).Question);
            bytes += lines[^1].Length;
        }
        return [.. lines];
    }
}
