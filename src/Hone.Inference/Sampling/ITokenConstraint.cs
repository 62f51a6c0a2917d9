namespace Hone.Inference.Sampling;

/// <summary>
/// Limits what may be generated (a grammar, a schema). It follows one sequence: the engine asks for the mask, samples, and
/// tells which token was taken.
/// </summary>
public interface ITokenConstraint
{
    /// <summary>Forbids, by negative infinity, the tokens that may not come next. End tokens are allowed only where the text may end.</summary>
    void Mask(Span<float> logits);

    /// <summary>The token that was taken.</summary>
    void Accept(int token);

    /// <summary>A copy in the same state, for another sample of the same prompt.</summary>
    ITokenConstraint Fork();
}
