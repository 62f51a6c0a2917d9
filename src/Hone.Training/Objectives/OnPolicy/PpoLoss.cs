using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.OnPolicy;

/// <summary>Proximal policy optimisation: Schulman et al., arXiv:1707.06347, with a clipped value loss and dual clipping (Ye et al., arXiv:1912.09729).</summary>
public static class PpoLoss
{
    /// <summary>Mean of max(−A r, −A clip(r)) over tokens; with dual clipping never above −A·c where A is negative.</summary>
    /// <param name="policy">[tokens] log-probabilities, those that count.</param>
    /// <param name="old">[tokens] when sampled.</param>
    /// <param name="advantages">[tokens].</param>
    /// <param name="clip">Distance of the bounds from 1.</param>
    /// <param name="dualClip">c above 1, or null.</param>
    public static Column Policy(Column policy, double[] old, double[] advantages, double clip, double? dualClip = null)
    {
        Column a = policy.Graph.Constant(advantages), ratio = (policy - policy.Graph.Constant(old)).Clamp(-20, 20).Exp();
        Column loss = Column.Max(-(a * ratio), -(a * ratio.Clamp(1 - clip, 1 + clip)));
        if (dualClip is not { } cap) return loss.Mean();
        Column negative = policy.Graph.Constant([.. advantages.Select(x => x < 0 ? 1.0 : 0)]);
        return (negative * Column.Min(loss, -(a * cap)) + (1 - negative) * loss).Mean();
    }

    /// <summary>½ mean of max((v − R)², (v_clipped − R)²) over tokens.</summary>
    /// <param name="values">[tokens] of now.</param>
    /// <param name="old">[tokens] when sampled.</param>
    /// <param name="returns">[tokens].</param>
    /// <param name="clip">How far a value may move.</param>
    public static Column Value(Column values, double[] old, double[] returns, double clip)
    {
        Column before = values.Graph.Constant(old), target = values.Graph.Constant(returns);
        Column clipped = before + (values - before).Clamp(-clip, clip);
        return 0.5 * Column.Max((values - target).Square(), (clipped - target).Square()).Mean();
    }
}
