using Hone.Core.Recipes;
using Hone.Models.Decoder;
using Hone.Tensors.Threads;

namespace Hone.Inference.Caches;

/// <summary>Cache settings for one model, checked: makes the caches of its sequences.</summary>
public sealed class KvPlan
{
    /// <param name="options">Settings.</param>
    /// <param name="model">The model.</param>
    /// <param name="workers">Threads for the work of policies; null for all processors.</param>
    /// <exception cref="HoneException">Parts that do not go together, or not with this model.</exception>
    public KvPlan(KvOptions options, LanguageModel model, WorkerPool? workers = null)
    {
        Options = options;
        Policy = options.Policy.Create();
        Allocator = options.Allocate?.Create() ?? Policy.Allocator;
        Format = options.Format?.Create() ?? KvFormats.For(options.Bits);
        AfterSelection = [.. options.Also.Select(step => step.Create())];
        if (model.Config.Latent is not null && (Drops || Format is not DenseFormat))
            throw new HoneException("this model keeps latents instead of keys and values (EliteKV), which no policy or format can thin out or round. Use policy=full and bits=32.");
        Layers = [.. Enumerable.Range(0, model.Config.Layers).Select(i => new KvLayer(model, i, workers ?? WorkerPool.Shared))];
        Check();
    }

    public KvOptions Options { get; }

    public IKvPolicy Policy { get; }

    public IKvAllocator Allocator { get; }

    public IKvFormat Format { get; }

    public IReadOnlyList<IKvAfterSelection> AfterSelection { get; }

    public IReadOnlyList<KvLayer> Layers { get; }

    private bool Drops => Policy is not FullPolicy;

    /// <summary>For <see cref="EngineOptions.CreateCache"/>: null when exact pages serve best.</summary>
    public static Func<LanguageModel, IKvCache>? Factory(KvOptions options, LanguageModel model, WorkerPool? workers = null) => new KvPlan(options, model, workers).NewCache;

    /// <summary>For <see cref="EngineOptions.CreateCache"/>: null when exact pages serve best.</summary>
    public Func<LanguageModel, IKvCache>? NewCache => !Drops && Format is DenseFormat ? null : _ => new PolicyKvCache(this);

    /// <summary>Reads <c>policy=snapkv,keep=0.25,bits=4</c>. Keys that are not of <see cref="KvOptions"/> are the policy's, the allocation's or the format's own.</summary>
    /// <exception cref="HoneException">An unknown key, a value out of range.</exception>
    public static KvOptions Parse(string text, ComponentRegistry components, string source = "--kv") => KvText.Parse(text, components, source);

    /// <summary>Slots per head that tokens may take; null when nothing has to go.</summary>
    /// <param name="seen">Tokens seen so far.</param>
    /// <param name="slots">Most slots of any head.</param>
    internal KvTarget? Target(int seen, int slots)
    {
        if (!Drops) return null;
        if (!Policy.HasBudget) return new KvTarget(slots, slots, slots);
        double exact = Exact(seen);
        int kept = Math.Max(1, (int)exact);
        return kept >= slots ? null : new KvTarget(slots, exact, kept);
    }

    /// <summary>Slots that tokens take for each head on average when the budget is enforced.</summary>
    internal int Kept(int seen) => Drops ? Math.Clamp((int)Math.Ceiling(Exact(seen)), Math.Min(seen, 1), seen) : seen;

    private double Exact(int seen) => Options.Tokens ?? seen * Options.Keep;

    private void Check()
    {
        if (Options.Format is not null && Options.Bits < 32 && Format.OwnBits is { } own && own != Options.Bits)
            throw new HoneException($"format={Options.Format} has a precision of its own. Leave out bits={Options.Bits}, or choose format=kivi or format=token.");
        if (!Drops)
        {
            if (Options.Keep < 1 || Options.Tokens is not null || Options.Allocate is not null || Options.Every > 0)
                throw new HoneException("policy=full keeps every token. Leave out keep, tokens, allocate and every, or choose another policy.");
            return;
        }
        if (!Format.CanDrop) throw new HoneException($"{Options.Format} holds tokens in its own way; no policy can drop any of them. Use policy=full.");
        if (Allocator.IsRagged && !Format.CanBeRagged)
            throw new HoneException($"{Options.Format} rounds all heads together, but the allocation keeps different numbers of tokens in each. Use format=kivi or format=token.");
        if (Allocator.IsRagged && Options.Rerotate)
            throw new HoneException("rerotate needs the same number of tokens in all heads, because they share the next position. Use allocate=uniform.");
        if (Options.Rerotate && Layers.Any(layer => layer.Layers > 1 && !layer.HasRotation))
            throw new HoneException("rerotate moves keys by rotating them, and this model has layers without rotary positions. Leave it out.");
        if (!Policy.HasBudget && (Options.Keep < 1 || Options.Tokens is not null || Options.Allocate is not null))
            throw new HoneException($"policy={Options.Policy} decides by itself how much is kept. Leave out keep, tokens and allocate.");
        bool later = Options.Every > 0;
        if (later && !Policy.WorksWhileDecoding) throw new HoneException($"policy={Options.Policy} looks at the prompt alone. Leave out every.");
        if (later && !Format.CanDropLater) throw new HoneException($"tokens in {Options.Bits} bits lie in blocks that cannot be thinned out again. Leave out every, or use format=token.");
        if (later && Format.IsRounded && Options.Rerotate) throw new HoneException("rerotate would round keys again at every eviction. Leave out every or bits.");
    }
}
