using Hone.Tensors;

namespace Hone.Methods.InverseQ;

/// <summary>A completion and the prompts that an estimator may put before it.</summary>
/// <param name="Prompt">[tokens] as the policy saw it.</param>
/// <param name="Good">[tokens] under the good condition.</param>
/// <param name="Bad">[tokens] under the bad one; as the policy saw it where there is none.</param>
/// <param name="Completion">[tokens] what was sampled.</param>
public sealed record ConditionedSample(int[] Prompt, int[] Good, int[] Bad, int[] Completion);

/// <summary>An estimate of the optimal policy that can be asked about tokens it did not choose.</summary>
public interface ITokenPolicyEstimator
{
    /// <summary>log π̃* of every token of every completion.</summary>
    double[][] LogProbs(IReadOnlyList<ConditionedSample> samples);

    /// <summary>Logits of π̃* at every token of every completion, [tokens of all completions, V]; without a gradient.</summary>
    Tensor Logits(Tape tape, IReadOnlyList<ConditionedSample> samples);
}
