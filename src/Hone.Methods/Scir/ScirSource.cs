using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Scir;

/// <summary>
/// Pairs that are sampled at the start of every iteration, from the weights as they are then, and kept in the run's folder: a run that was
/// killed finds them there. What a step sees depends on the pairs, the seed and the step's number alone.
/// </summary>
internal sealed class ScirSource : IExampleSource
{
    private const int FewHeldOut = 50;
    private readonly TextModel model;
    private readonly IReadOnlyList<Row> prompts;
    private readonly JudgePrompt judge;
    private readonly PairSampler sampler;
    private readonly ScirAnchor anchor;
    private readonly ReferencePolicy? reference;
    private readonly ScirOptions options;
    private readonly RunContext run;
    private readonly IReadOnlyList<IInternalReward> rewards;
    private readonly Lock gate = new();
    private readonly SortedDictionary<int, ScirAudit> audits = [];
    private int current = -1;
    private List<ScirPair> pairs = [];

    /// <param name="model">Policy and judge.</param>
    /// <param name="prompts">Rows to answer.</param>
    /// <param name="judge">The judge's question.</param>
    /// <param name="sampler">Makes the pairs.</param>
    /// <param name="anchor">Pairs with known preferences.</param>
    /// <param name="reference">Reference policy; null for the policy at the start of each iteration.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, folder (empty: nothing is kept).</param>
    public ScirSource(
        TextModel model, IReadOnlyList<Row> prompts, JudgePrompt judge, PairSampler sampler, ScirAnchor anchor, ReferencePolicy? reference, ScirOptions options, RunContext run)
    {
        (this.model, this.prompts, this.judge, this.sampler, this.anchor, this.reference, this.options, this.run) = (model, prompts, judge, sampler, anchor, reference, options, run);
        rewards = InternalRewards.Create(options.Loss.Rewards, options.Loss.Beta, options.Loss.LengthPenalty);
        StepsPerIteration = options.StepsPerIteration(prompts.Count);
        AnchorsPerBatch = anchor.Examples.Count == 0 ? 0 : Math.Min(options.Train.Batch - 1, (int)Math.Round(options.Train.Batch * options.AnchorShare));
    }

    public long? Count => null;

    /// <summary>Optimiser steps between two samplings.</summary>
    public int StepsPerIteration { get; }

    /// <summary>Anchor rows in every batch.</summary>
    public int AnchorsPerBatch { get; }

    /// <summary>Audits so far, by iteration.</summary>
    public IReadOnlyDictionary<int, ScirAudit> Audits => audits;

    /// <summary>Pairs of each iteration so far.</summary>
    public SortedDictionary<int, int> PairCounts { get; } = [];

    public TrainingExample Get(long index)
    {
        lock (gate)
        {
            (long step, long place) = Math.DivRem(index, options.Train.Batch);
            (long iteration, long inside) = Math.DivRem(step, StepsPerIteration);
            if (iteration != current) Begin((int)iteration);
            long drawn = inside * (options.Train.Batch - AnchorsPerBatch) + place;
            if (place >= options.Train.Batch - AnchorsPerBatch)
                return Pick(anchor.Examples, $"anchor/{iteration}", inside * AnchorsPerBatch + place - (options.Train.Batch - AnchorsPerBatch));
            bool isWarmUp = inside < options.LabelWarmup && (iteration == 0 || reference is null);
            if (isWarmUp && anchor.Seeds.Count > 0)
            {
                ScirPair seed = Pick(anchor.Seeds, $"seeds/{iteration}", drawn);
                return seed.ToExample(judge, (ScirBatch.FixedLabel, seed.Gold));
            }
            return Pick(pairs, $"pairs/{iteration}", drawn).ToExample(judge, (ScirBatch.WarmUp, isWarmUp ? 1 : 0));
        }
    }

    /// <summary>Measures the rewards on held-out pairs; null where there are none.</summary>
    public ScirAudit? Audit(int iteration)
    {
        if (anchor.HeldOut.Count == 0) return null;
        string path = run.Folder.Length == 0 ? "" : run.PathOf($"iteration-{iteration + 1}", "audit.json");
        ScirAudit audit = path.Length > 0 && File.Exists(path)
            ? ScirAudit.FromJson(JsonNode.Parse(File.ReadAllText(path))!.AsObject())
            : ScirAudit.Of(iteration, rewards, anchor.HeldOut, ScirScores.Of(model, judge, rewards, anchor.HeldOut, options.Train.MicroTokens));
        if (path.Length > 0) AtomicFile.WriteText(path, audit.ToJson().ToJsonString(Jsonl.Indented) + "\n");
        audits[iteration] = audit;
        run.Reporter.Line($"after {iteration} iterations: {string.Join(", ", audit.Accuracies.Select(a => $"{a.Key} right on {a.Value:P1}"))} of {audit.Pairs} held-out pairs, agreement {audit.Agreement:P1}");
        return audit;
    }

    /// <summary>Complains when the iteration that just ended made a reward worse.</summary>
    /// <exception cref="HoneException">It did, on enough held-out pairs to say so.</exception>
    public void CheckDrop(int iteration)
    {
        // Before the first iteration the implicit reward may be nothing but ties.
        if (!audits.TryGetValue(iteration, out ScirAudit? now) || !audits.TryGetValue(iteration - 1, out ScirAudit? before)) return;
        string falls = string.Join("; ", now.FallsFrom(before, options.MaxDrop));
        if (falls.Length == 0) return;
        string message = $"iteration {iteration}: accuracy on held-out pairs fell, {falls}.";
        if (now.Pairs < FewHeldOut || options.MaxDrop >= 1) run.Reporter.Warn(message + $" With {now.Pairs} pairs that may be chance.");
        else throw new HoneException(message + $" Agreement may be growing on wrong labels. Run again with --iterations {iteration - 1}, a lower --lr, more anchor rows, or --max-drop 1 to go on regardless.");
    }

    /// <summary>The audit after the last iteration.</summary>
    public void Finish()
    {
        if (Audit(options.Iterations) is not null) CheckDrop(options.Iterations);
    }

    private void Begin(int iteration)
    {
        for (int i = 0; i <= iteration; i++)
            if (i == iteration || (run.Folder.Length > 0 && !audits.ContainsKey(i) && File.Exists(run.PathOf($"iteration-{i + 1}", "audit.json")))) Audit(i);
        if (iteration > 0) CheckDrop(iteration);
        string path = run.Folder.Length == 0 ? "" : run.PathOf($"iteration-{iteration + 1}", "pairs.jsonl");
        if (path.Length > 0 && File.Exists(path))
        {
            pairs = [.. Jsonl.Read(path).Select(ScirPair.FromJson)];
        }
        else
        {
            pairs = sampler.Sample(prompts, iteration, reference ?? ReferencePolicy.Of(model.Model));
            if (path.Length > 0) Jsonl.Write(path, pairs.Select(p => (JsonNode)p.ToJson()));
            if (sampler.Equal + sampler.TooLong > 0)
                run.Reporter.Line($"iteration {iteration + 1}: {pairs.Count} pairs; left out {sampler.Equal} of equal answers and {sampler.TooLong} that were too long");
        }
        PairCounts[iteration] = pairs.Count;
        current = iteration;
    }

    /// <summary>The n-th draw from a list that is gone through in a new order on every pass.</summary>
    private T Pick<T>(IReadOnlyList<T> items, string purpose, long n)
    {
        (long pass, long place) = Math.DivRem(n, items.Count);
        if (!orders.TryGetValue(purpose, out (long Pass, int[] Order) known) || known.Pass != pass)
        {
            int[] order = [.. Enumerable.Range(0, items.Count)];
            run.Rng($"scir/{purpose}/pass={pass}").Shuffle<int>(order);
            orders[purpose] = known = (pass, order);
        }
        return items[known.Order[place]];
    }

    private readonly Dictionary<string, (long Pass, int[] Order)> orders = [];
}
