namespace Hone.Methods.Scir;

/// <summary>Where the label of a pair comes from.</summary>
public enum LabelSource
{
    /// <summary>All rewards have to agree: SCIR.</summary>
    Consistent,

    /// <summary>The judge alone: self-rewarding, the baseline.</summary>
    Judge,

    /// <summary>The implicit reward alone, the other baseline.</summary>
    Implicit,
}

/// <summary>How agreement is decided.</summary>
public enum SelectionRule
{
    /// <summary>All rewards on the same side of ½.</summary>
    Sign,

    /// <summary>… and each at least tau away from it.</summary>
    Tau,
}

/// <summary>Which pairs are learnt from in this step, and with which answer as the better one. Labels carry no gradient.</summary>
public static class ConsistencySelector
{
    /// <summary>1 where the first answer is taken as better, −1 for the second, 0 where the pair stays out. [pairs].</summary>
    /// <param name="rewards">[rewards][pairs] probabilities that the first answer is better.</param>
    /// <param name="rule">Sign or distance.</param>
    /// <param name="tau">Least distance from ½, for <see cref="SelectionRule.Tau"/>.</param>
    public static int[] Select(IReadOnlyList<double[]> rewards, SelectionRule rule, double tau)
    {
        int[] labels = new int[rewards[0].Length];
        double least = rule == SelectionRule.Tau ? tau : 0;
        for (int i = 0; i < labels.Length; i++)
        {
            bool isFirst = rewards.All(p => p[i] > 0.5 && p[i] - 0.5 >= least), isSecond = rewards.All(p => p[i] < 0.5 && 0.5 - p[i] >= least);
            labels[i] = isFirst ? 1 : isSecond ? -1 : 0;
        }
        return labels;
    }
}
