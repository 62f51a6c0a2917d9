using Hone.Core;
using Hone.Inference;
using Hone.Methods.KvCache;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;

namespace Hone.Methods.PrefixKv;

/// <summary>
/// The small-scale experiment of the card on the built-in recall model. Differs: text instead of images, 4 layers instead of 32,
/// documents of facts and questions instead of instructions, and importance is the mean over the queries that could attend to a token
/// rather than their sum, which is measured too.
/// </summary>
[Reproduces("prefixkv")]
public sealed class PrefixKvReproduction : IReproduction
{
    private const int Parts = 2;

    private static readonly double[] Budgets = [0.1, 0.2, 0.25, 0.3, 0.5, 0.9];

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        string path = RecallModel.Require();
        (int length, int count) = options.IsQuick ? (256, 3) : (384, 34);
        using IProgressTask progress = run.Reporter.Start("prefixkv", options.Seeds * Parts * (1 + Budgets.Length), "budgets");
        string[] profiles = SideBySide.Run([.. Enumerable.Range(0, options.Seeds).Select(s => (Func<string>)(() => SaveProfile(path, length, run, s)))]);
        PrefixOutcomes[] parts = SideBySide.Run([.. Enumerable.Range(0, options.Seeds * Parts).Select(job => (Func<PrefixOutcomes>)(() =>
        {
            (int seed, int part) = (job / Parts, job % Parts);
            TextModel model = TextModel.Open(path);
            return PrefixOutcomes.Measure(new PrefixExperiment(model, length, Enumerable.Range(part * count, count), run.Seed + seed), model, profiles[seed], Budgets, run, progress);
        }))]);
        if (run.Folder.Length == 0)
            foreach (string profile in profiles) File.Delete(profile);
        PrefixOutcomes all = PrefixOutcomes.Join(parts);
        return Task.FromResult(new ReproductionResult([.. Claims(all, run.Seed)],
        [
            all.Table("Perplexity over the full cache's", Budgets, o => o.LogRatio, Math.Exp), all.Table("KL to the full cache, nats", Budgets, o => o.Kl, x => x),
            all.Table("ROUGE-L of greedy continuations against the full cache's", [0.25], o => o.RougeL, x => x), all.Table("Same token as the full cache's greedy continuation", [0.25], o => o.SameTokens, x => x),
        ]));
    }

    private static IEnumerable<Claim> Claims(PrefixOutcomes all, long seed)
    {
        Measured Gap(string a, string b, double keep, Func<PrefixOutcome, double> value) => Paired.Difference(all.Values(a, keep, value), all.Values(b, keep, value), seed);
        Measured Ratio(string a, string b, double keep) => Gap(a, b, keep, o => o.LogRatio);
        string layers = $"Spread of the layers' Gini coefficients: {Paired.Mean(all.Spread, seed)}; below 0.1 the layers are too much alike for the division to matter.";
        const string Perplexity = "difference of ln perplexity ratio", Kl = "difference of KL, nats", Rouge = "difference of ROUGE-L";
        yield return Claim.AtLeast("All slots kept give the full cache's logits bit for bit.", "1 when all do", Measured.Exact(all.IsExact ? 1 : 0), 1);
        yield return Claim.AtLeast("The smallest share of importance any layer holds is never below that of equal budgets.", "lowest difference over documents and budgets", Measured.Exact(all.Smallest.Min()), -1e-9);
        foreach (double keep in Budgets[..4])
        {
            yield return Claim.AtMost($"At {keep:P0} kept PrefixKV's division is at most as perplexed as equal budgets.", Perplexity, Ratio(PrefixArm.Prefix, PrefixArm.Uniform, keep), 0, layers);
            yield return Claim.AtMost($"At {keep:P0} kept it is at most as perplexed as the pyramid's division.", Perplexity, Ratio(PrefixArm.Prefix, PrefixArm.Pyramid, keep), 0);
            yield return Claim.AtMost($"At {keep:P0} kept it diverges less from the full cache than the pyramid's division.", Kl, Gap(PrefixArm.Prefix, PrefixArm.Pyramid, keep, o => o.Kl), 0);
            yield return Claim.AtMost($"At {keep:P0} kept the pyramid's division is at most as perplexed as equal budgets.", Perplexity, Ratio(PrefixArm.Pyramid, PrefixArm.Uniform, keep), 0, layers);
            yield return Claim.AtMost($"At {keep:P0} kept PrefixKV beats keeping the first and newest tokens.", Perplexity, Ratio(PrefixArm.Prefix, PrefixArm.Local, keep), 0);
            yield return Claim.AtMost($"At {keep:P0} kept so do equal budgets.", Perplexity, Ratio(PrefixArm.Uniform, PrefixArm.Local, keep), 0);
            yield return Claim.AtMost($"At {keep:P0} kept a profile is within 2 % of searching for each prompt.", Perplexity, Ratio(PrefixArm.Offline, PrefixArm.Prefix, keep), Math.Log(1.02));
        }
        yield return Claim.AtLeast("At 25 % kept what the model writes is as close to the full cache's as with equal budgets.", Rouge, Gap(PrefixArm.Prefix, PrefixArm.Uniform, 0.25, o => o.RougeL), 0);
        yield return Claim.AtLeast("… and as with the pyramid's division.", Rouge, Gap(PrefixArm.Prefix, PrefixArm.Pyramid, 0.25, o => o.RougeL), 0);
        yield return Claim.AtMost("By plain sums of attention, at 25 % kept, PrefixKV's division is at most as perplexed as equal budgets.", Perplexity, Ratio(PrefixArm.PrefixSums, PrefixArm.UniformSums, 0.25), 0,
            "Sums favour early tokens, which more queries come after.");
        yield return Claim.AtMost("… and as the pyramid's.", Perplexity, Ratio(PrefixArm.PrefixSums, PrefixArm.PyramidSums, 0.25), 0);
        for (int b = 1; b < Budgets.Length; b++)
            yield return Claim.AtMost($"More is better: {Budgets[b]:P0} kept against {Budgets[b - 1]:P0}.", Perplexity,
                Paired.Difference(all.Values(PrefixArm.Prefix, Budgets[b], o => o.LogRatio), all.Values(PrefixArm.Prefix, Budgets[b - 1], o => o.LogRatio), seed), Math.Log(1.02));
    }

    /// <summary>A profile from other documents than those it is used on.</summary>
    private static string SaveProfile(string path, int length, RunContext run, int seed)
    {
        TextModel model = TextModel.Open(path);
        IReadOnlyList<int[]> texts = new PrefixExperiment(model, length, Enumerable.Range(0, 10), run.Seed + 1_000 + seed).Contexts;
        string file = run.Folder.Length > 0 ? run.PathOf($"profile-{seed}.json") : Path.Combine(Path.GetTempPath(), $"hone-prefixkv-{Guid.NewGuid():N}.json");
        PrefixProfiler.Run(model, texts, Budgets, new PrefixKvOptions(), new RunContext("", run.Seed, null, run.Cancellation)).Save(file);
        return file;
    }
}
