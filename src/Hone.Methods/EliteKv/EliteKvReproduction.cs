using Hone.Core;
using Hone.Inference;
using Hone.Methods.LongContext;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;
using Hone.Training;

namespace Hone.Methods.EliteKv;

/// <summary>
/// The small-scale experiment of the method's card on the recall model: choices of chunks without training, joint against separate
/// latents, and continued training of every variant for equally many steps. Differs from the card: the model is the built-in one rather
/// than one trained for the purpose, and text is generated documents of facts and questions.
/// </summary>
[Reproduces("elitekv")]
public sealed class EliteKvReproduction : IReproduction
{
    private const double Quarter = 0.25, Eighth = 0.125;

    private static readonly ChunkChoice[] Choices = [ChunkChoice.Elite, ChunkChoice.Uniform, ChunkChoice.Contribution, ChunkChoice.Random];

    /// <inheritdoc/>
    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        Size size = options.IsQuick ? new(128, 4, 8, 4, 512, [2, 4]) : new(256, 16, 160, 6, 2048, [1, 2, 4, 8]);
        TextModel model = TextModel.Open(RecallModel.Require(), WorkerPool.Shared);
        List<SeedResult> results = [];
        using IProgressTask progress = run.Reporter.Start("elitekv", options.Seeds, "seeds");
        for (int s = 0; s < options.Seeds; s++)
        {
            results.Add(new Experiment(model, size, new RunContext("", run.Seed + s, null, run.Cancellation)).Run());
            progress.Advance(1);
        }
        return Task.FromResult(new ReproductionResult([.. Claims(results, size, model.Model.Config)], [Untrained(results, size), Trained(results)]));
    }

    private static IEnumerable<Claim> Claims(List<SeedResult> results, Size size, ModelConfig config)
    {
        foreach (ChunkChoice other in Choices.Skip(1))
            yield return Claim.AtLeast($"Chunks chosen greedily leave scores closer to the original than chunks chosen by '{other.ToString().ToLowerInvariant()}', at every number of chunks.",
                "distance of the other choice minus RoPElite's, mean over heads, least over numbers of chunks",
                OverSeeds.Mean(results.Select(r => size.Chunks.Min(c => r.Distance[(other, c)] - r.Distance[(ChunkChoice.Elite, c)]))), 0);
        int[] few = [.. size.Chunks.Where(c => c <= config.HeadSize / 8)];
        yield return Claim.AtMost("Without training, chunks chosen greedily give a lower perplexity than an even choice, up to a quarter of the chunks.",
            "perplexity with RoPElite divided by that with uniform chunks, greatest over numbers of chunks",
            OverSeeds.Mean(results.Select(r => few.Max(c => r.Perplexity[(ChunkChoice.Elite, c)] / r.Perplexity[(ChunkChoice.Uniform, c)]))), 1);
        yield return Claim.AtMost("… and than a random choice.", "perplexity with RoPElite divided by that with random chunks, greatest over numbers of chunks",
            OverSeeds.Mean(results.Select(r => few.Max(c => r.Perplexity[(ChunkChoice.Elite, c)] / r.Perplexity[(ChunkChoice.Random, c)]))), 1);
        yield return Claim.AtMost("More rotated chunks never make it worse.", "perplexity divided by that with fewer chunks, greatest over steps",
            OverSeeds.Mean(results.Select(r => size.Chunks.Zip(size.Chunks.Skip(1)).Max(p => r.Perplexity[(ChunkChoice.Elite, p.Second)] / r.Perplexity[(ChunkChoice.Elite, p.First)]))), 1.01);
        yield return Claim.AtMost("A joint latent loses no more of the weights than separate ones of the same width.", "error of J-LRD divided by that of S-LRD, greatest over layers and seeds",
            Measured.Exact(results.Max(r => r.JointOverSeparate)), 1);
        yield return Claim.AtMost("After equal training a joint latent is at least as good as separate ones.", "perplexity of J-LRD divided by that of S-LRD, a quarter of the cache",
            OverSeeds.Mean(results.Select(r => r.Trained["J-LRD 25 %"] / r.Trained["S-LRD 25 %"])), 1);
        yield return Claim.AtMost("With a quarter of the cache and training the perplexity is within 3 % of the original's.", "perplexity divided by that of the original, trained equally long or not at all, whichever is lower",
            OverSeeds.Mean(results.Select(r => r.Trained["J-LRD 25 %"] / r.Original)), 1.03);
        yield return Claim.AtMost("… and lower than that of grouped heads of the same cache.", "perplexity divided by that of the grouped model",
            OverSeeds.Mean(results.Select(r => r.Trained["J-LRD 25 %"] / r.Trained["grouped heads 25 %"])), 1);
        yield return Claim.AtMost("With an eighth of the cache it degrades by less than 15 %.", "perplexity divided by that of the original, trained equally long or not at all, whichever is lower",
            OverSeeds.Mean(results.Select(r => r.Trained["J-LRD 12.5 %"] / r.Original)), 1.15);
    }

    private static ResultTable Untrained(List<SeedResult> results, Size size) => new(
        "Without training: distance of scores / perplexity by number of rotated chunks, mean over seeds",
        ["choice", .. size.Chunks.Select(c => $"r = {c}")],
        [.. Choices.Select(choice => (IReadOnlyList<string>)[choice.ToString(), .. size.Chunks.Select(c =>
            $"{results.Average(r => r.Distance[(choice, c)]):0.000} / {results.Average(r => r.Perplexity[(choice, c)]):0.000}")])]);

    private static ResultTable Trained(List<SeedResult> results) => new(
        "Perplexity before and after equal training, mean over seeds", ["model", "cache", "before", "after"],
        [.. results[0].Trained.Keys.Select(name => (IReadOnlyList<string>)[
            name, $"{results[0].Ratios[name]:P1}", $"{results.Average(r => r.Before[name]):0.000}", $"{results.Average(r => r.Trained[name]):0.000}"])]);

    private sealed record Size(int Length, int TestSequences, int Steps, int Batch, int Pairs, int[] Chunks);

    private sealed class SeedResult
    {
        public Dictionary<(ChunkChoice, int), double> Distance { get; } = [];

        public Dictionary<(ChunkChoice, int), double> Perplexity { get; } = [];

        public Dictionary<string, double> Before { get; } = [];

        public Dictionary<string, double> Trained { get; } = [];

        public Dictionary<string, double> Ratios { get; } = [];

        public double JointOverSeparate { get; set; }

        /// <summary>Perplexity of the original, where more training helps it or not.</summary>
        public double Original => Math.Min(Before["original"], Trained["original"]);
    }

    private sealed class Experiment(TextModel model, Size size, RunContext run)
    {
        private readonly SeedResult result = new();
        private readonly List<int[]> test = TokenSequences.Read(model, TokenSequences.Recall, size.Length, size.TestSequences, run.Rng("elite/test"));
        private readonly ModelConfig config = model.Model.Config;

        public SeedResult Run()
        {
            RopeChunkRanker ranker = new(model.Model, model.Workers);
            List<int[]> calibration = TokenSequences.Read(model, TokenSequences.Recall, size.Length, 8, run.Rng("elite/calibration"));
            RunContext quiet = new("", run.Seed, null, run.Cancellation);
            ChunkScores[][] scores = ranker.Measure(calibration, size.Pairs, run);
            Dictionary<ChunkChoice, ChunkRanking> rankings = Choices.ToDictionary(c => c, c => ranker.Rank(scores, size.Pairs, c, run));
            foreach (ChunkChoice choice in Choices)
                foreach (int chunks in size.Chunks) Measure(rankings[choice], chunks);
            ChunkRanking elite = rankings[ChunkChoice.Elite];
            EliteShape quarter = EliteSweep.Run(model, elite, Quarter, calibration, 1, quiet)[0].Shape, eighth = EliteSweep.Run(model, elite, Eighth, calibration, 1, quiet)[0].Shape;
            EliteShape separate = new(quarter.Chunks, quarter.Width - quarter.Width / 2, quarter.Width / 2);
            EliteConversion joint = EliteConverter.Convert(model.Model, elite.Elite(quarter.Chunks), quarter, run);
            EliteConversion two = EliteConverter.Convert(model.Model, elite.Elite(quarter.Chunks), separate, run);
            result.JointOverSeparate = joint.WeightError.Zip(two.WeightError, (a, b) => a / b).Max();
            Train("original", Copy(model.Model), 1);
            Train("J-LRD 25 %", joint.Model, joint.Ratio);
            Train("S-LRD 25 %", two.Model, two.Ratio);
            Train("grouped heads 25 %", GroupedConversion.Convert(model.Model, Math.Max(1, config.KvHeads / 4)), Math.Max(1, config.KvHeads / 4) / (double)config.KvHeads);
            EliteConversion small = EliteConverter.Convert(model.Model, elite.Elite(eighth.Chunks), eighth, run);
            Train("J-LRD 12.5 %", small.Model, small.Ratio);
            return result;
        }

        /// <summary>Only some chunks rotated, nothing cut: a latent of full rank.</summary>
        private void Measure(ChunkRanking ranking, int chunks)
        {
            EliteShape full = new(chunks, Math.Min(config.HiddenSize, config.KvHeads * (2 * config.HeadSize - 2 * chunks)));
            LanguageModel converted = EliteConverter.Convert(model.Model, ranking.Elite(chunks), full, run).Model;
            result.Distance[(ranking.Choice, chunks)] = ranking.Orders.SelectMany(layer => layer).Average(head => head.Distances[chunks - 1]);
            result.Perplexity[(ranking.Choice, chunks)] = StreamPerplexity.Of(converted, test, model.Workers);
        }

        private void Train(string name, LanguageModel variant, double ratio)
        {
            result.Ratios[name] = ratio;
            result.Before[name] = StreamPerplexity.Of(variant, test, model.Workers);
            EliteUptrainOptions options = new()
            {
                Length = size.Length,
                Sequences = size.Steps * size.Batch,
                Train = new TrainOptions { Steps = size.Steps, Batch = size.Batch, Lr = 4e-3, Schedule = "cosine", Warmup = 0.1, Beta2 = 0.95, CheckpointEvery = 0 },
            };
            EliteUptraining.Run(EliteUptraining.With(model, variant), options, run);
            result.Trained[name] = StreamPerplexity.Of(variant, test, model.Workers);
        }

        private static LanguageModel Copy(LanguageModel original)
        {
            LanguageModel copy = new(original.Config);
            ModelWeights.CopyShared(original, copy);
            return copy;
        }
    }
}
