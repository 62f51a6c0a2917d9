using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Inference.Embedding;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;

namespace Hone.Cli.Bench;

[CliCommand("bench embed", "Turning sentences into vectors.")]
internal sealed class BenchEmbedCommand : BenchCommand
{
    private readonly BenchModel model = new("layers=6,dim=384,heads=12,kv=12,ff=1024,vocab=30522", Precision.Fp32);
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of a sentence.", 36, 1, 1 << 16);
    private readonly Option<int> batch = CliOptions.Number("--batch", "Sentences of a sample.", 32, 1, 1 << 16);

    protected override IEnumerable<Symbol> Own => [.. model.All, length, batch];

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench embed --model sentence-transformers/all-MiniLM-L6-v2", "sentences of 36 tokens"),
        new("bench embed --length 128 --batch 8 --threads 1 --json", "longer ones, random weights, one core"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        (int tokens, int count) = (run.Get(length), run.Get(batch));
        (Embedder embedder, double operations, int vocabulary) = Open(run, workers, tokens);
        RandomStream random = new(1, "bench/sentences");
        int[][] sentences = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, tokens).Select(_ => random.Next(vocabulary)).ToArray())];
        embedder.Check(sentences[0]);
        bool int8 = model.Options(run).RoundToInt8;
        (double peak, BenchTimes times) = WithPeak(s => int8 ? Peaks.Int8(workers, s) : Peaks.Fma(workers, s), () => BenchTimer.Run(run, seconds, () => { embedder.EmbedIds(sentences); }));
        return new($"embed {model.Name(run)}", count / times.Best, "sentences/s", count * operations / times.Best / peak)
        {
            Peak = int8 ? "int8" : "fp32",
            Median = count / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["length"] = tokens, ["batch"] = count, ["size"] = embedder.Size, ["operations_per_sentence"] = operations },
        };
    }

    private (Embedder Embedder, double Operations, int Vocabulary) Open(CommandRun run, WorkerPool workers, int tokens)
    {
        if (model.Path(run) is { } path && EncoderLoader.IsEncoder(path))
        {
            EncoderConfig config = EncoderLoader.LoadConfig(path);
            // q, k, v and output; two matrices of the MLP; scores and values over all tokens
            double layer = 4.0 * config.HiddenSize * config.HiddenSize + 2.0 * config.HiddenSize * config.IntermediateSize;
            double operations = config.Layers * tokens * (2 * layer + 4.0 * tokens * config.HiddenSize);
            return (Embedder.Load(path, null, workers, model.Options(run)), operations, config.VocabularySize);
        }
        LoadedModel loaded = model.Load(run);
        LanguageModel decoder = loaded.Model;
        double all = tokens * (2 * ModelWork.BlockWeights(decoder) + ModelWork.Attention(decoder.Config, (tokens + 1) / 2.0));
        return (Embedder.Of(loaded, new EmbeddingSettings(), workers), all, decoder.Config.VocabularySize);
    }
}
