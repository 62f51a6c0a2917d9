using Hone.Core;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;
using Hone.Models.Config;
using Hone.Models.Loading;

namespace Hone.Methods.EliteKv;

/// <summary>
/// The small-scale experiment of the method's card on the recall model: choices of chunks without training, joint against separate
/// latents, and continued training of every variant for equally many steps. Differs from the card: the model is the built-in one rather
/// than one trained for the purpose, and text is generated documents of facts and questions.
/// </summary>
[Reproduces("elitekv")]
public sealed class EliteKvReproduction : IReproduction
{
    /// <inheritdoc/>
    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        EliteSize size = options.IsQuick ? EliteSize.Quick : EliteSize.Full;
        string path = RecallModel.Require();
        using IProgressTask progress = run.Reporter.Start("elitekv", options.Seeds * (1L + EliteExperiment.Variants.Count), "models");
        EliteExperiment Experiment(int seed) => new(path, size, new RunContext("", run.Seed + seed, null, run.Cancellation));
        EliteUntrained[] untrained = SideBySide.Run([.. Enumerable.Range(0, options.Seeds).Select(s => (Func<EliteUntrained>)(() => Done(Experiment(s).Untrained())))]);
        Dictionary<string, List<EliteTrained>> trained = SideBySide.Run<EliteTrained>(
            options.Seeds, [.. EliteExperiment.Variants.Select(v => (v, (Func<int, EliteTrained>)(s => Done(Experiment(s).Train(v, untrained[s])))))]);
        ModelConfig config = ModelLoader.Load(path).Model.Config;
        return Task.FromResult(new ReproductionResult([.. Choices(untrained, size, config), .. Latents(trained)], [Untrained(untrained, size), Trained(trained)]));

        T Done<T>(T result)
        {
            progress.Advance(1);
            return result;
        }
    }

    private static IEnumerable<Claim> Choices(EliteUntrained[] seeds, EliteSize size, ModelConfig config)
    {
        foreach (ChunkChoice other in EliteExperiment.Choices.Skip(1))
            yield return Claim.AtLeast($"Chunks chosen greedily leave scores closer to the original than chunks chosen by '{other.ToString().ToLowerInvariant()}', at every number of chunks.",
                "distance of the other choice minus RoPElite's, mean over heads, least over numbers of chunks",
                OverSeeds.Mean(seeds.Select(r => size.Chunks.Min(c => r.Distance[(other, c)] - r.Distance[(ChunkChoice.Elite, c)]))), 0);
        int[] few = [.. size.Chunks.Where(c => c <= config.HeadSize / 8)];
        yield return Claim.AtMost("Without training, chunks chosen greedily give a lower perplexity than an even choice, up to a quarter of the chunks.",
            "perplexity with RoPElite divided by that with uniform chunks, greatest over numbers of chunks",
            OverSeeds.Mean(seeds.Select(r => few.Max(c => r.Perplexity[(ChunkChoice.Elite, c)] / r.Perplexity[(ChunkChoice.Uniform, c)]))), 1);
        yield return Claim.AtMost("… and than a random choice.", "perplexity with RoPElite divided by that with random chunks, greatest over numbers of chunks",
            OverSeeds.Mean(seeds.Select(r => few.Max(c => r.Perplexity[(ChunkChoice.Elite, c)] / r.Perplexity[(ChunkChoice.Random, c)]))), 1);
        yield return Claim.AtMost("More rotated chunks never make it worse.", "perplexity divided by that with fewer chunks, greatest over steps",
            OverSeeds.Mean(seeds.Select(r => size.Chunks.Zip(size.Chunks.Skip(1)).Max(p => r.Perplexity[(ChunkChoice.Elite, p.Second)] / r.Perplexity[(ChunkChoice.Elite, p.First)]))), 1.01);
    }

    private static IEnumerable<Claim> Latents(Dictionary<string, List<EliteTrained>> trained)
    {
        List<EliteTrained> joint = trained[EliteExperiment.Joint], separate = trained[EliteExperiment.Separate];
        Measured Ratio(List<EliteTrained> arm, List<EliteTrained> other) => OverSeeds.Difference(arm, other, (a, b) => a.After / b.After);
        // The original counts as it is best: trained on or not.
        List<EliteTrained> original = [.. trained[EliteExperiment.Original].Select(o => o with { After = Math.Min(o.Before, o.After) })];
        const string OfOriginal = "perplexity divided by that of the original, trained equally long or not at all, whichever is lower";
        yield return Claim.AtMost("A joint latent loses no more of the weights than separate ones of the same width.", "error of J-LRD divided by that of S-LRD, greatest over layers and seeds",
            Measured.Exact(joint.Zip(separate, (j, s) => j.WeightError.Zip(s.WeightError, (a, b) => a / b).Max()).Max()), 1);
        yield return Claim.AtMost("After equal training a joint latent is at least as good as separate ones.", "perplexity of J-LRD divided by that of S-LRD, a quarter of the cache", Ratio(joint, separate), 1);
        yield return Claim.AtMost("With a quarter of the cache and training the perplexity is within 3 % of the original's.", OfOriginal, Ratio(joint, original), 1.03);
        yield return Claim.AtMost("… and lower than that of grouped heads of the same cache.", "perplexity divided by that of the grouped model", Ratio(joint, trained[EliteExperiment.Grouped]), 1);
        yield return Claim.AtMost("With an eighth of the cache it degrades by less than 15 %.", OfOriginal, Ratio(trained[EliteExperiment.Small], original), 1.15);
    }

    private static ResultTable Untrained(EliteUntrained[] seeds, EliteSize size) => new(
        "Without training: distance of scores / perplexity by number of rotated chunks, mean over seeds",
        ["choice", .. size.Chunks.Select(c => $"r = {c}")],
        [.. EliteExperiment.Choices.Select(choice => (IReadOnlyList<string>)[choice.ToString(), .. size.Chunks.Select(c =>
            $"{seeds.Average(r => r.Distance[(choice, c)]):0.000} / {seeds.Average(r => r.Perplexity[(choice, c)]):0.000}")])]);

    private static ResultTable Trained(Dictionary<string, List<EliteTrained>> trained) => new(
        "Perplexity before and after equal training, mean over seeds", ["model", "cache", "before", "after"],
        [.. trained.Select(arm => (IReadOnlyList<string>)[arm.Key, $"{arm.Value[0].Ratio:P1}", $"{arm.Value.Average(a => a.Before):0.000}", $"{arm.Value.Average(a => a.After):0.000}"])]);
}
