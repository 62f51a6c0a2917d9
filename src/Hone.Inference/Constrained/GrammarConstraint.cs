using System.Numerics;
using System.Numerics.Tensors;
using Hone.Core;
using Hone.Inference.Sampling;

namespace Hone.Inference.Constrained;

/// <summary>A grammar as the engine's token constraint: one for each sequence.</summary>
/// <param name="state">Where the sequence stands; owned by the constraint from now on.</param>
/// <param name="letsSpecialPass">Whether tokens that are no text may come wherever the text may end, and change nothing.</param>
public sealed class GrammarConstraint(GrammarState state, bool letsSpecialPass = false) : ITokenConstraint
{
    private readonly ulong[] mask = new ulong[state.MaskLength];

    /// <summary>A constraint at the start of a grammar.</summary>
    public GrammarConstraint(CompiledGrammar grammar, bool letsSpecialPass = false) : this(grammar.Start(), letsSpecialPass) { }

    /// <summary>Whether the text so far is complete; false at the end of generation means it was cut short.</summary>
    public bool IsComplete => state.CanEnd || state.IsFinished;

    /// <inheritdoc/>
    /// <exception cref="HoneException">No token of the vocabulary spells what must follow.</exception>
    public void Mask(Span<float> logits)
    {
        state.FillMask(mask);
        if (letsSpecialPass && state.CanEnd) TensorPrimitives.BitwiseOr(mask, state.Textless, mask);
        if (!mask.AsSpan().ContainsAnyExcept(0UL)) throw new HoneException("no token of this model can continue the text as the grammar asks.");
        for (int word = 0; word * 64 < logits.Length; word++)
        {
            Span<float> part = logits[(word * 64)..Math.Min(logits.Length, word * 64 + 64)];
            ulong allowed = word < mask.Length ? mask[word] : 0;
            if (allowed == 0) part.Fill(float.NegativeInfinity);
            else Forbid(part, ~allowed);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The token was not allowed.</exception>
    public void Accept(int token)
    {
        if (letsSpecialPass && state.CanEnd && state.IsTextless(token)) return;
        if (!state.Accept(token)) throw new InvalidOperationException($"Token {token} does not follow the grammar; its logit was masked.");
    }

    /// <inheritdoc/>
    public ITokenConstraint Fork() => new GrammarConstraint(state.Copy(), letsSpecialPass);

    private static void Forbid(Span<float> logits, ulong forbidden)
    {
        for (; forbidden != 0; forbidden &= forbidden - 1)
        {
            int bit = BitOperations.TrailingZeroCount(forbidden);
            if (bit >= logits.Length) return;
            logits[bit] = float.NegativeInfinity;
        }
    }
}
