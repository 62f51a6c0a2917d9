using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Inference.Caches;

namespace Hone.Methods.PrefixKv;

/// <summary>Estimates a profile from a few texts: the division of each is searched for, and the shares are averaged. Section 3.3.</summary>
public static class PrefixProfiler
{
    /// <summary>Goes through the texts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="texts">Token ids of each, at least two tokens.</param>
    /// <param name="keeps">Budgets.</param>
    /// <param name="options">Scores; the profile itself is left out.</param>
    /// <param name="run">Reporter, cancellation.</param>
    public static PrefixProfile Run(TextModel model, IReadOnlyList<int[]> texts, IReadOnlyList<double> keeps, PrefixKvOptions options, RunContext run)
    {
        if (texts.Count == 0) throw new HoneException("no texts to make a profile from. Give at least one.");
        int layers = model.Model.Config.Layers;
        double[][] forget = [.. keeps.Select(_ => new double[layers])];
        double[] gini = new double[layers];
        using IProgressTask progress = run.Reporter.Start("profile", texts.Count, "texts");
        foreach (int[] text in texts)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<PriorityCurve> curves = Curves(model, text, options);
            for (int l = 0; l < layers; l++) gini[l] += curves[l].Gini / texts.Count;
            for (int b = 0; b < keeps.Count; b++)
            {
                int kept = Math.Max(options.Start + 1, (int)(keeps[b] * text.Length));
                int[] found = PrefixConfiguration.Search(curves, (long)kept * layers, options.Start + 1).Kept;
                for (int l = 0; l < layers; l++) forget[b][l] += (1 - (double)found[l] / text.Length) / texts.Count;
            }
            progress.Advance(1);
        }
        return new([.. keeps.Select((keep, b) => new PrefixBudget(keep, forget[b])).OrderBy(budget => budget.Keep)], gini, texts.Count, PrefixProfile.ShapeOf(model.Model.Config));
    }

    /// <summary>Importance curves of a text's layers.</summary>
    public static IReadOnlyList<PriorityCurve> Curves(TextModel model, int[] text, PrefixKvOptions options)
    {
        KvOptions settings = new() { Policy = Using.Component<IKvPolicy, PrefixKvOptions>("prefixkv", options with { Profile = null }, o => new PrefixKvPolicy(o)), Keep = 0.5 };
        using CachedSequence sequence = new(model.Model, new PolicyKvCache(new KvPlan(settings, model.Model, model.Workers)), model.Workers);
        sequence.Feed(text);
        return PrefixAllocator.Curves(((PolicyKvCache)sequence.Cache).Score(new KvTarget(text.Length, text.Length, text.Length)));
    }
}
