using Hone.Models.Decoder;

namespace Hone.Inference.Caches;

/// <summary>
/// Keys and values of one sequence under a policy: prompts are gone through exactly, then each layer keeps what the policy scores
/// highest, in the store's precision. Tokens generated later are added, and every so many of them the budget is enforced again.
/// </summary>
public sealed class PolicyKvCache : IKvCache
{
    private readonly KvPlan plan;
    private readonly PolicyLayerCache[] layers;
    private bool isPromptDone;
    private int sinceEviction;
    private long peak;

    /// <summary>An empty cache.</summary>
    public PolicyKvCache(KvPlan plan)
    {
        this.plan = plan;
        layers = [.. plan.Layers.Select(layer => new PolicyLayerCache(plan.Format.Create(layer), plan.Policy.Scorer(layer)))];
    }

    private PolicyKvCache(PolicyKvCache origin, KvPlan plan)
    {
        this.plan = plan;
        layers = [.. origin.layers.Select(layer => layer.Fork())];
        (isPromptDone, sinceEviction, peak) = (origin.isPromptDone, origin.sinceEviction, origin.peak);
    }

    public int Length => layers[0].Seen;

    public int NextPosition => layers[0].NextPosition;

    public ILayerCache this[int layer] => layers[layer];

    public KvMemory Memory => new(Bytes, layers.Sum(layer => layer.AllocatedBytes), Math.Max(peak, Bytes));

    /// <summary>What policies see of each layer.</summary>
    public IReadOnlyList<IKvView> Views => layers;

    /// <summary>Where each layer's keys and values lie.</summary>
    public IReadOnlyList<ILayerStore> Stores => [.. layers.Select(layer => layer.Store)];

    /// <summary>Times that slots were dropped.</summary>
    public int Evictions { get; private set; }

    private long Bytes => layers.Sum(layer => layer.Store.Bytes);

    public void EndPass()
    {
        peak = Math.Max(peak, Bytes);
        if (!isPromptDone)
        {
            if (plan.Options.Chunks) Evict();
            return;
        }
        if (plan.Options.Every == 0 || ++sinceEviction < plan.Options.Every) return;
        Evict();
    }

    public void EndPrompt()
    {
        if (plan.Options.Prompt) Evict();
        foreach (PolicyLayerCache layer in layers) layer.Store.Seal();
        (isPromptDone, sinceEviction) = (true, 0);
        peak = Math.Max(peak, Bytes);
    }

    /// <summary>Going back to nothing is always possible; anything else is what <see cref="Fork()"/> is for.</summary>
    public void Truncate(int length)
    {
        if (length == Length) return;
        if (length != 0) throw new InvalidOperationException("a compressed cache cannot be cut back: take a fork before going on");
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i].Dispose();
            layers[i] = new PolicyLayerCache(plan.Format.Create(plan.Layers[i]), plan.Policy.Scorer(plan.Layers[i]));
        }
        (isPromptDone, sinceEviction) = (false, 0);
    }

    public IKvCache Fork() => new PolicyKvCache(this, plan);

    /// <summary>A copy that goes on under another budget or division, so that a prompt need be gone through once only to compare many.</summary>
    /// <param name="other">A plan whose policy scores alike and whose format is the same: scorers and stores are copied, not made anew.</param>
    public PolicyKvCache Fork(KvPlan other) => new(this, other);

    /// <summary>Takes up a stream whose stores were brought back: so many tokens have been seen.</summary>
    internal void Resume(int seen)
    {
        foreach (PolicyLayerCache layer in layers) layer.Resume(seen);
    }

    public void Dispose()
    {
        foreach (PolicyLayerCache layer in layers) layer.Dispose();
    }

    /// <summary>Scores of all slots as they are now.</summary>
    public KvScores Score(KvTarget target) => new(layers, [.. layers.Select(layer => layer.Score(target))]);

    /// <summary>What the budget is now; null when nothing has to go.</summary>
    internal KvTarget? Target() => plan.Target(Length, layers.Max(layer => Enumerable.Range(0, layer.Layer.KvHeads).Max(layer.Count)));

    /// <summary>Brings every layer down to its budget.</summary>
    private void Evict()
    {
        sinceEviction = 0;
        if (Target() is not { } target) return;
        KvScores scores = Score(target);
        KvSelection selection = plan.Allocator.Select(scores, target);
        foreach (IKvAfterSelection step in plan.AfterSelection) step.Apply(scores, selection, [.. layers.Select(layer => layer.Store)]);
        for (int i = 0; i < layers.Length; i++)
        {
            layers[i].Keep(selection.Slots[i]);
            if (plan.Options.Rerotate) layers[i].Rerotate();
        }
        Evictions++;
    }
}

/// <summary>Something done when slots are chosen, before the others are dropped: merging values, thinning out channels.</summary>
public interface IKvAfterSelection
{
    /// <param name="scores">Scores and views of all layers.</param>
    /// <param name="selection">What will be kept.</param>
    /// <param name="stores">One per layer; keys and values may be written.</param>
    void Apply(KvScores scores, KvSelection selection, IReadOnlyList<ILayerStore> stores);
}
