using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Inference;

/// <summary>One pass of the model over new tokens of several sequences, each with its cache.</summary>
internal sealed class ForwardStep(LanguageModel model, Tape tape)
{
    private readonly List<int> tokens = [], positions = [], lengths = [], logitRows = [];
    private readonly List<IKvCache> caches = [];

    public int Tokens => tokens.Count;

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <param name="cache">Its cache, which ends where these tokens begin.</param>
    /// <param name="sequence">All its tokens.</param>
    /// <param name="end">One past the last token of this pass.</param>
    /// <param name="wantsLogits">Whether the logits after the last of them are wanted.</param>
    public void Add(IKvCache cache, IReadOnlyList<int> sequence, int end, bool wantsLogits)
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
        if (wantsLogits) logitRows.Add(tokens.Count - 1);
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
