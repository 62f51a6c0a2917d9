using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>Bradley and Terry's model of preferences, for training reward models.</summary>
public static class RewardLoss
{
    /// <summary>[pairs]: −log σ(r_w − r_l − margin) + c (r_w + r_l)²; the last term keeps rewards around 0: Eisenstein et al., arXiv:2312.09244.</summary>
    /// <param name="chosen">[pairs] rewards.</param>
    /// <param name="rejected">[pairs].</param>
    /// <param name="margins">[pairs], or null.</param>
    /// <param name="centering">c; 0 for none.</param>
    public static Column PerPair(Column chosen, Column rejected, double[]? margins, double centering)
    {
        Column difference = chosen - rejected;
        if (margins is not null) difference -= chosen.Graph.Constant(margins);
        Column loss = -difference.LogSigmoid();
        return centering == 0 ? loss : loss + centering * (chosen + rejected).Square();
    }
}
