using System.Numerics.Tensors;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Evaluation.LongContext;
using Hone.Evaluation.Metrics.Text;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.TinyLm;

namespace Hone.Methods.PrefixKv;

/// <summary>What a setting did to one document.</summary>
/// <param name="LogRatio">Mean ln of the perplexity over the full cache's.</param>
/// <param name="Kl">Mean KL to the full cache, nats.</param>
/// <param name="RougeL">ROUGE-L (F) of the greedy continuation against the full cache's, 0 to 1; NaN where nothing was generated.</param>
/// <param name="SameTokens">Share of places where both continuations have the same token, 0 to 1; NaN likewise.</param>
internal readonly record struct PrefixOutcome(double LogRatio, double Kl, double RougeL, double SameTokens);

/// <summary>
/// Documents of facts, filler and questions: the first three quarters are compressed, and the rest is read with what is left. Half of
/// its questions ask for facts of the compressed part.
/// </summary>
internal sealed class PrefixExperiment
{
    private const int NewTokens = 32;

    private readonly TextModel model;
    private readonly int[][] documents;
    private readonly int context;
    private readonly List<float[]>[] full;
    private readonly Lazy<int[]>[] continued;
    private readonly Dictionary<(int Document, string Scores), PolicyKvCache> read = [];

    /// <param name="model">The recall model.</param>
    /// <param name="length">Tokens of a document.</param>
    /// <param name="numbers">Which documents of the seed.</param>
    /// <param name="seed">Seed.</param>
    public PrefixExperiment(TextModel model, int length, IEnumerable<int> numbers, long seed)
    {
        this.model = model;
        RecallDocuments source = new(model.Tokenizer);
        RandomStream random = new(seed, "prefixkv/documents");
        documents = [.. numbers.Select(i => source.Next(random.Derive(i), length, unseenKeys: true).Ids)];
        context = length * 3 / 4;
        full = [.. documents.Select((_, d) => Logits(d, "full", new KvOptions()))];
        continued = [.. documents.Select((_, d) => new Lazy<int[]>(() => Greedy(d, "full", new KvOptions())))];
    }

    /// <summary>Contexts, for profiles.</summary>
    public IReadOnlyList<int[]> Contexts => [.. documents.Select(document => document[..context])];

    /// <summary>[documents].</summary>
    /// <param name="scores">Name of the policy with those of its options that scores depend on: settings of one name share a reading of the document.</param>
    /// <param name="settings">The cache.</param>
    /// <param name="generates">Also lets the model go on by itself after the context.</param>
    public PrefixOutcome[] Measure(string scores, KvOptions settings, bool generates)
    {
        PrefixOutcome[] outcomes = new PrefixOutcome[documents.Length];
        for (int d = 0; d < documents.Length; d++)
        {
            List<float[]> own = Logits(d, scores, settings);
            FidelityCounter counter = new();
            for (int i = 0; i < own.Count; i++) counter.Add(full[d][i], own[i], documents[d][context + i + 1]);
            FidelityReport report = counter.Report();
            (double rouge, double same) = generates ? Compare(continued[d].Value, Greedy(d, scores, settings)) : (double.NaN, double.NaN);
            outcomes[d] = new(report.MeanLogRatio, report.MeanKl, rouge, same);
        }
        return outcomes;
    }

    /// <summary>Whether a setting gives the full cache's logits bit for bit.</summary>
    public bool IsExact(string scores, KvOptions settings) =>
        Enumerable.Range(0, documents.Length).All(d => Logits(d, scores, settings).Zip(full[d]).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)));

    /// <summary>Settings of the policy.</summary>
    public static KvOptions Settings(double keep, PrefixKvOptions options) => new()
    {
        Policy = Using.Component<IKvPolicy, PrefixKvOptions>("prefixkv", options, o => new PrefixKvPolicy(o)),
        Keep = keep,
    };

    private (double RougeL, double SameTokens) Compare(int[] wanted, int[] given)
    {
        string Text(int[] ids) => model.Tokenizer.Decode(ids);
        return (new Rouge().L(Text(wanted), Text(given)).F, wanted.Zip(given).Count(pair => pair.First == pair.Second) / (double)wanted.Length);
    }

    private List<float[]> Logits(int d, string scores, KvOptions settings)
    {
        using CachedSequence sequence = Compressed(d, scores, settings);
        List<float[]> logits = [];
        sequence.Feed(documents[d].AsSpan(context, documents[d].Length - context - 1), (_, row) => logits.Add(row.ToArray()));
        return logits;
    }

    private int[] Greedy(int d, string scores, KvOptions settings)
    {
        using CachedSequence sequence = Compressed(d, scores, settings);
        int[] ids = new int[NewTokens];
        int next = documents[d][context];
        for (int i = 0; i < ids.Length; i++) ids[i] = next = TensorPrimitives.IndexOfMax<float>(sequence.Feed(next));
        return ids;
    }

    private CachedSequence Compressed(int d, string scores, KvOptions settings)
    {
        KvPlan plan = new(settings, model.Model, model.Workers);
        if (!read.TryGetValue((d, scores), out PolicyKvCache? cache))
        {
            read[(d, scores)] = cache = new PolicyKvCache(plan);
            new CachedSequence(model.Model, cache, model.Workers).Feed(documents[d].AsSpan(0, context));
        }
        CachedSequence sequence = new(model.Model, cache.Fork(plan), model.Workers);
        sequence.EndPrompt();
        return sequence;
    }
}
