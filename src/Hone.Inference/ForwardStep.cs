using Hone.Inference.Adapters;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Inference;

/// <summary>One pass of the model over new tokens of several sequences, each with its cache.</summary>
internal sealed class ForwardStep
{
    private readonly LanguageModel model;
    private readonly Tape tape;
    private readonly AdapterSet? adapters;
    private readonly List<int> tokens = [], positions = [], lengths = [], logitRows = [];
    private readonly List<IKvCache> caches = [];

    /// <param name="model">The model.</param>
    /// <param name="tape">Tape of the pass.</param>
    /// <param name="adapters">Adapters of the model; null for none.</param>
    public ForwardStep(LanguageModel model, Tape tape, AdapterSet? adapters = null)
    {
        (this.model, this.tape, this.adapters) = (model, tape, adapters);
        adapters?.Tokens.Clear();
        adapters?.Logits.Clear();
    }

    public int Tokens => tokens.Count;

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <param name="cache">Its cache, which ends where these tokens begin.</param>
    /// <param name="sequence">All its tokens.</param>
    /// <param name="end">One past the last token of this pass.</param>
    /// <param name="wantsLogits">Whether the logits after the last of them are wanted.</param>
    /// <param name="adapter">Number of the adapter it goes through; 0 for the base.</param>
    public void Add(IKvCache cache, IReadOnlyList<int> sequence, int end, bool wantsLogits, int adapter = 0)
    {
        // Other rotary frequencies from here on: what was computed for the beginning does not hold any more.
        if (model.Config.RopeVariant(end) != model.Config.RopeVariant(cache.Length)) cache.Truncate(0);
        int start = cache.Length, shift = cache.NextPosition - start;
        for (int i = start; i < end; i++)
        {
            tokens.Add(sequence[i]);
            positions.Add(i + shift);
        }
        lengths.Add(end - start);
        caches.Add(cache);
        adapters?.Tokens.Add(adapter, end - start);
        if (!wantsLogits) return;
        logitRows.Add(tokens.Count - 1);
        adapters?.Logits.Add(adapter, 1);
    }

    /// <summary>Runs the pass.</summary>
    /// <returns>[wanted, V] in the order they were added, valid until the tape is reset; null when none was wanted.</returns>
    public Tensor? Run()
    {
        TokenBatch batch = new([.. tokens], [.. positions], new Segments([.. lengths]));
        Tensor hidden = model.Hidden(tape, batch, new ForwardState { Caches = caches });
        foreach (IKvCache cache in caches) cache.EndPass();
        return logitRows.Count == 0 ? null : model.Logits(tape, tape.Rows(hidden, [.. logitRows]));
    }
}
