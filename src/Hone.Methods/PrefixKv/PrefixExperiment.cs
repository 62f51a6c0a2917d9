using Hone.Core;
using Hone.Core.Recipes;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.TinyLm;

namespace Hone.Methods.PrefixKv;

/// <summary>
/// Documents of facts, filler and questions: the first three quarters are compressed, and the rest is read with what is left. Half of
/// its questions ask for facts of the compressed part.
/// </summary>
internal sealed class PrefixExperiment
{
    private readonly TextModel model;
    private readonly int[][] documents;
    private readonly int context;
    private readonly List<float[]>[] full;

    /// <param name="model">The recall model.</param>
    /// <param name="length">Tokens of a document.</param>
    /// <param name="count">Documents.</param>
    /// <param name="seed">Which documents.</param>
    public PrefixExperiment(TextModel model, int length, int count, long seed)
    {
        this.model = model;
        RecallDocuments source = new(model.Tokenizer);
        RandomStream random = new(seed, "prefixkv/documents");
        documents = [.. Enumerable.Range(0, count).Select(i => source.Next(random.Derive(i), length, unseenKeys: true).Ids)];
        context = length * 3 / 4;
        full = [.. documents.Select(document => Logits(document, new KvOptions()))];
    }

    /// <summary>Contexts, for profiles.</summary>
    public IReadOnlyList<int[]> Contexts => [.. documents.Select(document => document[..context])];

    /// <summary>Mean ln of the perplexity ratio and mean KL to the full cache, in nats, of each document.</summary>
    public (double[] LogRatio, double[] Kl) Measure(KvOptions settings)
    {
        double[] ratio = new double[documents.Length], kl = new double[documents.Length];
        for (int d = 0; d < documents.Length; d++)
        {
            List<float[]> own = Logits(documents[d], settings);
            FidelityCounter counter = new();
            for (int i = 0; i < own.Count; i++) counter.Add(full[d][i], own[i], documents[d][context + i + 1]);
            FidelityReport report = counter.Report();
            (ratio[d], kl[d]) = (report.MeanLogRatio, report.MeanKl);
        }
        return (ratio, kl);
    }

    /// <summary>Whether a setting gives the full cache's logits bit for bit.</summary>
    public bool IsExact(KvOptions settings) => documents.Select((document, d) => (document, d)).All(p => Logits(p.document, settings).Zip(full[p.d]).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));

    /// <summary>Settings of the policy.</summary>
    public static KvOptions Settings(double keep, PrefixKvOptions options) => new()
    {
        Policy = Using.Component<IKvPolicy, PrefixKvOptions>("prefixkv", options, o => new PrefixKvPolicy(o)),
        Keep = keep,
    };

    private List<float[]> Logits(int[] document, KvOptions settings)
    {
        using CachedSequence sequence = new(model.Model, new PolicyKvCache(new KvPlan(settings, model.Model, model.Workers)), model.Workers);
        sequence.Feed(document.AsSpan(0, context));
        sequence.EndPrompt();
        List<float[]> logits = [];
        sequence.Feed(document.AsSpan(context, document.Length - context - 1), (_, row) => logits.Add(row.ToArray()));
        return logits;
    }
}
