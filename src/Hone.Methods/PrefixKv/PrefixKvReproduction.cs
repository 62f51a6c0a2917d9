using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.KvCache;
using Hone.Methods.TinyLm;

namespace Hone.Methods.PrefixKv;

/// <summary>
/// The small-scale experiment of the card on the built-in recall model. Differs: text instead of images, 6 layers instead of 32, and
/// documents of facts and questions instead of instructions.
/// </summary>
[Reproduces("prefixkv")]
public sealed class PrefixKvReproduction : IReproduction
{
    private static readonly double[] Budgets = [0.1, 0.2, 0.25, 0.3, 0.5, 0.9];

    private const string Prefix = "PrefixKV", Offline = "PrefixKV, profile", Uniform = "uniform", Pyramid = "pyramid", GlobalSum = "global sum", Local = "first and newest";

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        TextModel model = TextModel.Open(RecallModel.Require());
        (int length, int count) = options.IsQuick ? (256, 6) : (384, 34);
        Dictionary<(string Arm, double Keep), List<double>> ratio = [], kl = [];
        List<double> smallest = [], spread = [];
        bool isExact = true;
        using IProgressTask progress = run.Reporter.Start("prefixkv", options.Seeds * Budgets.Length, "budgets");
        for (int s = 0; s < options.Seeds; s++)
        {
            PrefixExperiment experiment = new(model, length, count, run.Seed + s);
            string profile = SaveProfile(model, experiment, length, run, s);
            isExact &= experiment.IsExact(PrefixExperiment.Settings(1, new PrefixKvOptions()));
            foreach (int[] context in experiment.Contexts) Shares(model, context, smallest, spread);
            foreach (double keep in Budgets)
            {
                run.Cancellation.ThrowIfCancellationRequested();
                foreach ((string arm, KvOptions settings) in Arms(keep, profile))
                {
                    (double[] r, double[] k) = experiment.Measure(settings);
                    Add(ratio, (arm, keep), r);
                    Add(kl, (arm, keep), k);
                }
                progress.Advance(1, $"seed {s + 1}, {keep:P0} kept");
            }
        }
        Measured gini = Paired.Mean(spread, run.Seed);
        return Task.FromResult(new ReproductionResult([.. Claims(ratio, kl, smallest, gini, isExact, run.Seed)], [Table("Perplexity over the full cache's", ratio, Math.Exp), Table("KL to the full cache, nats", kl, x => x)]));
    }

    private static IEnumerable<Claim> Claims(
        Dictionary<(string, double), List<double>> ratio, Dictionary<(string, double), List<double>> kl, List<double> smallest, Measured gini, bool isExact, long seed)
    {
        string layers = $"Spread of the layers' Gini coefficients: {gini}; below 0.1 the layers are too much alike for the division to matter.";
        yield return Claim.AtLeast("All slots kept give the full cache's logits bit for bit.", "1 when all do", Measured.Exact(isExact ? 1 : 0), 1);
        yield return Claim.AtLeast("The smallest share of importance any layer holds is never below that of equal budgets.", "lowest difference over documents and budgets", Measured.Exact(smallest.Min()), -1e-9);
        foreach (double keep in (double[])[0.1, 0.2, 0.25, 0.3])
        {
            yield return Claim.AtMost($"At {keep:P0} kept PrefixKV's division is at most as perplexed as equal budgets.", "difference of ln perplexity ratio",
                Paired.Difference(ratio[(Prefix, keep)], ratio[(Uniform, keep)], seed), 0, layers);
            yield return Claim.AtMost($"At {keep:P0} kept it diverges less from the full cache than the pyramid's division.", "difference of KL, nats",
                Paired.Difference(kl[(Prefix, keep)], kl[(Pyramid, keep)], seed), 0);
            yield return Claim.AtMost($"At {keep:P0} kept the pyramid's division is at most as perplexed as equal budgets.", "difference of ln perplexity ratio",
                Paired.Difference(ratio[(Pyramid, keep)], ratio[(Uniform, keep)], seed), 0, layers);
            yield return Claim.AtMost($"At {keep:P0} kept both beat keeping the first and newest tokens.", "difference of ln perplexity ratio, the worse of the two",
                Worse(Paired.Difference(ratio[(Prefix, keep)], ratio[(Local, keep)], seed), Paired.Difference(ratio[(Uniform, keep)], ratio[(Local, keep)], seed)), 0);
            yield return Claim.AtMost($"At {keep:P0} kept a profile is within 2 % of searching for each prompt.", "difference of ln perplexity ratio",
                Paired.Difference(ratio[(Offline, keep)], ratio[(Prefix, keep)], seed), Math.Log(1.02));
        }
        for (int b = 1; b < Budgets.Length; b++)
            yield return Claim.AtMost($"More is better: {Budgets[b]:P0} kept against {Budgets[b - 1]:P0}.", "difference of ln perplexity ratio",
                Paired.Difference(ratio[(Prefix, Budgets[b])], ratio[(Prefix, Budgets[b - 1])], seed), Math.Log(1.02));
    }

    private static IEnumerable<(string Arm, KvOptions Settings)> Arms(double keep, string profile)
    {
        yield return (Prefix, PrefixExperiment.Settings(keep, new PrefixKvOptions()));
        yield return (Offline, PrefixExperiment.Settings(keep, new PrefixKvOptions { Profile = profile }));
        yield return (Uniform, PrefixExperiment.Settings(keep, new PrefixKvOptions { Layers = LayerRule.Uniform }));
        yield return (Pyramid, PrefixExperiment.Settings(keep, new PrefixKvOptions { Layers = LayerRule.Pyramid }));
        yield return (GlobalSum, PrefixExperiment.Settings(keep, new PrefixKvOptions { Layers = LayerRule.GlobalSum }));
        yield return (Local, new KvOptions { Policy = Using.Component<IKvPolicy, StreamingLlmOptions>("streaming_llm", new StreamingLlmOptions { Sinks = 1 }, o => new StreamingLlmPolicy(o)), Keep = keep });
    }

    /// <summary>A profile from other documents than those it is used on.</summary>
    private static string SaveProfile(TextModel model, PrefixExperiment experiment, int length, RunContext run, int seed)
    {
        IReadOnlyList<int[]> texts = new PrefixExperiment(model, length, 10, run.Seed + 1_000 + seed).Contexts;
        string path = run.Folder.Length > 0 ? run.PathOf($"profile-{seed}.json") : Path.Combine(Path.GetTempPath(), $"hone-prefixkv-{Guid.NewGuid():N}.json");
        PrefixProfiler.Run(model, texts, Budgets, new PrefixKvOptions(), new RunContext("", run.Seed, null, run.Cancellation)).Save(path);
        return path;
    }

    private static void Shares(TextModel model, int[] context, List<double> smallest, List<double> spread)
    {
        IReadOnlyList<PriorityCurve> curves = PrefixProfiler.Curves(model, context, new PrefixKvOptions());
        spread.Add(curves.Max(c => c.Gini) - curves.Min(c => c.Gini));
        foreach (double keep in Budgets)
        {
            int kept = (int)(keep * context.Length);
            int[] found = PrefixConfiguration.Search(curves, (long)kept * curves.Count).Kept;
            smallest.Add(curves.Select((c, l) => c.Share(found[l])).Min() - curves.Min(c => c.Share(kept)));
        }
    }

    private static Measured Worse(Measured a, Measured b) => a.High >= b.High ? a : b;

    private static void Add(Dictionary<(string, double), List<double>> all, (string, double) key, double[] values)
    {
        if (!all.TryGetValue(key, out List<double>? list)) all[key] = list = [];
        list.AddRange(values);
    }

    private static ResultTable Table(string title, Dictionary<(string Arm, double Keep), List<double>> all, Func<double, double> show) => new(
        title, ["division", .. Budgets.Select(b => $"{b:P0} kept")],
        [.. all.Keys.Select(key => key.Arm).Distinct().Select(arm => (IReadOnlyList<string>)[arm, .. Budgets.Select(b => $"{show(all[(arm, b)].Average()):0.0000}")])]);
}
