using Hone.Core;

namespace Hone.Inference.Constrained;

/// <summary>Where one sequence stands in a grammar.</summary>
public sealed class GrammarState
{
    private readonly CompiledGrammar grammar;
    private int state;

    internal GrammarState(CompiledGrammar grammar, int state) => (this.grammar, this.state) = (grammar, state);

    /// <summary>Whether the text so far is complete: an end-of-sequence token is allowed.</summary>
    public bool CanEnd => !IsFinished && grammar.CanEnd(state);

    /// <summary>Whether an end-of-sequence token was accepted; nothing may follow.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Words that a mask takes.</summary>
    public int MaskLength => grammar.Vocabulary.MaskLength;

    /// <summary>
    /// Writes which tokens may come next: bit t % 64 of word t / 64 for token t, end-of-sequence ids included where the
    /// text may end. There is always at least one unless the sequence is finished or no token spells what must follow.
    /// </summary>
    /// <param name="bits">[<see cref="TokenVocabulary.MaskLength"/>] words, overwritten.</param>
    public void FillMask(Span<ulong> bits)
    {
        if (IsFinished) bits.Clear();
        else grammar.CopyMask(state, bits);
    }

    /// <summary>Takes a token. Returns false, and stays where it was, when the token is not allowed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id outside the vocabulary.</exception>
    public bool Accept(int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, grammar.Vocabulary.Count);
        if (IsFinished) return false;
        if (IsEnd(token))
        {
            IsFinished = grammar.CanEnd(state);
            return IsFinished;
        }
        ReadOnlySpan<byte> text = grammar.Vocabulary.BytesOf(token);
        int next = text.IsEmpty ? ByteAutomaton.Dead : grammar.Advance(state, text);
        if (next == ByteAutomaton.Dead) return false;
        state = next;
        return true;
    }

    /// <summary>Bits of tokens that are never text.</summary>
    internal ReadOnlySpan<ulong> Textless => grammar.Vocabulary.Textless;

    internal bool IsTextless(int token) => (Textless[token >> 6] >> token & 1) != 0;

    /// <summary>An independent copy, for speculation or several samples of one prefix.</summary>
    public GrammarState Copy() => new(grammar, state) { IsFinished = IsFinished };

    private bool IsEnd(int token)
    {
        IReadOnlyList<int> ends = grammar.Vocabulary.EndIds;
        for (int i = 0; i < ends.Count; i++)
            if (ends[i] == token) return true;
        return false;
    }
}
