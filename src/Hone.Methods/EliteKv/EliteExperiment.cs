using Hone.Core;
using Hone.Inference;
using Hone.Methods.LongContext;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Training;

namespace Hone.Methods.EliteKv;

/// <summary>How much of everything the experiment takes.</summary>
/// <param name="Length">Tokens of a sequence.</param>
/// <param name="TestSequences">Sequences that perplexity is measured on.</param>
/// <param name="Steps">Updates of every arm.</param>
/// <param name="Batch">Sequences of an update.</param>
/// <param name="Pairs">Sampled pairs for each head.</param>
/// <param name="Chunks">Numbers of rotated chunks that are tried without training.</param>
/// <param name="Rate">Highest learning rate of every arm.</param>
internal sealed record EliteSize(int Length, int TestSequences, int Steps, int Batch, int Pairs, int[] Chunks, double Rate = 4e-3)
{
    public static EliteSize Full { get; } = new(256, 64, 360, 4, 2048, [1, 2, 4, 8]);

    public static EliteSize Quick { get; } = new(128, 4, 8, 4, 512, [2, 4]);
}

/// <summary>What a seed found before anything was trained.</summary>
/// <param name="Distance">Mean distance of scores over heads.</param>
/// <param name="Perplexity">Nothing cut, only these chunks rotated.</param>
/// <param name="Elite">RoPElite's order.</param>
/// <param name="Quarter">Best division of a quarter of the cache.</param>
/// <param name="Eighth">Best division of an eighth.</param>
internal sealed record EliteUntrained(
    Dictionary<(ChunkChoice, int), double> Distance, Dictionary<(ChunkChoice, int), double> Perplexity, ChunkRanking Elite, EliteShape Quarter, EliteShape Eighth);

/// <summary>One variant after training.</summary>
/// <param name="Ratio">Cache as a share of the original's.</param>
/// <param name="Before">Perplexity as converted.</param>
/// <param name="After">Perplexity after training.</param>
/// <param name="WeightError">[L] loss of the weights' size; empty where nothing was factored.</param>
internal sealed record EliteTrained(double Ratio, double Before, double After, IReadOnlyList<double> WeightError);

/// <summary>Variants of one model on one seed's texts. Loads a model of its own, which nothing else touches.</summary>
internal sealed class EliteExperiment
{
    public const string Original = "original", Joint = "J-LRD 25 %", Separate = "S-LRD 25 %", Grouped = "grouped heads 25 %", Small = "J-LRD 12.5 %";

    private const double Quarter = 0.25, Eighth = 0.125;

    private readonly TextModel model;
    private readonly EliteSize size;
    private readonly RunContext run;
    private readonly List<int[]> test;
    private readonly ModelConfig config;

    /// <param name="path">The model.</param>
    /// <param name="size">How much.</param>
    /// <param name="run">Seed, cancellation.</param>
    public EliteExperiment(string path, EliteSize size, RunContext run)
    {
        (model, this.size, this.run) = (TextModel.Open(path), size, run);
        config = model.Model.Config;
        test = TokenSequences.Read(model, TokenSequences.Recall, size.Length, size.TestSequences, run.Rng("elite/test"));
    }

    /// <summary>Variants that are trained, the original first.</summary>
    public static IReadOnlyList<string> Variants { get; } = [Original, Joint, Separate, Grouped, Small];

    /// <summary>Ways of choosing chunks, RoPElite first.</summary>
    public static IReadOnlyList<ChunkChoice> Choices { get; } = [ChunkChoice.Elite, ChunkChoice.Uniform, ChunkChoice.Contribution, ChunkChoice.Random];

    /// <summary>Ranks chunks in every way, measures what rotating only some of them costs, and divides the budgets.</summary>
    public EliteUntrained Untrained()
    {
        RopeChunkRanker ranker = new(model.Model, model.Workers);
        List<int[]> calibration = TokenSequences.Read(model, TokenSequences.Recall, size.Length, 8, run.Rng("elite/calibration"));
        ChunkScores[][] scores = ranker.Measure(calibration, size.Pairs, run);
        Dictionary<ChunkChoice, ChunkRanking> rankings = Choices.ToDictionary(c => c, c => ranker.Rank(scores, size.Pairs, c, run));
        Dictionary<(ChunkChoice, int), double> distance = [], perplexity = [];
        foreach (ChunkRanking ranking in rankings.Values)
            foreach (int chunks in size.Chunks)
            {
                // A latent of full rank: nothing is cut.
                EliteShape full = new(chunks, Math.Min(config.HiddenSize, config.KvHeads * (2 * config.HeadSize - 2 * chunks)));
                distance[(ranking.Choice, chunks)] = ranking.Orders.SelectMany(layer => layer).Average(head => head.Distances[chunks - 1]);
                perplexity[(ranking.Choice, chunks)] = Perplexity(EliteConverter.Convert(model.Model, ranking.Elite(chunks), full, run).Model);
            }
        ChunkRanking elite = rankings[ChunkChoice.Elite];
        EliteShape Best(double ratio) => EliteSweep.Run(model, elite, ratio, calibration, 1, run)[0].Shape;
        return new(distance, perplexity, elite, Best(Quarter), Best(Eighth));
    }

    /// <summary>Converts and trains one variant; all see the same texts in the same order.</summary>
    public EliteTrained Train(string variant, EliteUntrained found)
    {
        EliteShape separate = new(found.Quarter.Chunks, found.Quarter.Width - found.Quarter.Width / 2, found.Quarter.Width / 2);
        int kvHeads = Math.Max(1, config.KvHeads / 4);
        return variant switch
        {
            Joint => Train(found.Elite, found.Quarter),
            Separate => Train(found.Elite, separate),
            Small => Train(found.Elite, found.Eighth),
            Grouped => Train(GroupedConversion.Convert(model.Model, kvHeads), kvHeads / (double)config.KvHeads, []),
            _ => Train(model.Model, 1, []),
        };
    }

    private EliteTrained Train(ChunkRanking elite, EliteShape shape)
    {
        EliteConversion conversion = EliteConverter.Convert(model.Model, elite.Elite(shape.Chunks), shape, run);
        return Train(conversion.Model, conversion.Ratio, conversion.WeightError);
    }

    private EliteTrained Train(LanguageModel variant, double ratio, IReadOnlyList<double> error)
    {
        double before = Perplexity(variant);
        EliteUptrainOptions options = new()
        {
            Length = size.Length,
            Sequences = size.Steps * size.Batch,
            Train = new TrainOptions { Steps = size.Steps, Batch = size.Batch, Lr = size.Rate, Schedule = "cosine", Warmup = 0.1, Beta2 = 0.95, CheckpointEvery = 0 },
        };
        EliteUptraining.Run(EliteUptraining.With(model, variant), options, run);
        return new(ratio, before, Perplexity(variant), error);
    }

    private double Perplexity(LanguageModel variant) => StreamPerplexity.Of(variant, test, model.Workers);
}
