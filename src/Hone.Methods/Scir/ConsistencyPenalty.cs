using Hone.Core;
using Hone.Training.Objectives.Values;

namespace Hone.Methods.Scir;

/// <summary>
/// The inconsistency penalty L_c of pairs: it falls when the rewards agree and when they are sure. The paper's formula was not
/// available; these are the designs of the method's card, all marked [inferred] there.
/// </summary>
public static class ConsistencyPenalty
{
    /// <summary>Names of the penalties.</summary>
    public static IReadOnlyList<string> Names { get; } = ["agree", "js+h", "cross"];

    /// <summary>The penalty of each pair, averaged over all pairs of rewards. [pairs].</summary>
    /// <param name="name">agree, js+h or cross.</param>
    /// <param name="rewards">At least two.</param>
    /// <param name="eta">js+h: weight of the entropies.</param>
    public static Column Of(string name, IReadOnlyList<PairPreference> rewards, double eta = 1)
    {
        Column? total = null;
        int count = 0;
        for (int i = 0; i < rewards.Count; i++)
            for (int j = i + 1; j < rewards.Count; j++, count++)
            {
                Column one = Between(name, rewards[i], rewards[j], eta);
                total = total is null ? one : total + one;
            }
        return (total ?? throw new ArgumentException("a penalty needs two rewards")) / count;
    }

    private static Column Between(string name, PairPreference a, PairPreference b, double eta) => name switch
    {
        "agree" => Agree(a, b),
        "js+h" => JensenShannon(a, b, eta),
        "cross" => Cross(a.Detached, b) + Cross(b.Detached, a),
        _ => throw HoneException.Unknown("penalty", name, Names),
    };

    /// <summary>−log(pq + (1−p)(1−q)): minus the log-probability that two independent judges coincide.</summary>
    private static Column Agree(PairPreference a, PairPreference b) =>
        -((a.LogFirst + b.LogFirst).Exp() + (a.LogSecond + b.LogSecond).Exp()).Log();

    /// <summary>Jensen-Shannon divergence plus η times the mean entropy, in nats.</summary>
    private static Column JensenShannon(PairPreference a, PairPreference b, double eta)
    {
        (Column first, Column second) = ((a.LogFirst.Exp() + b.LogFirst.Exp()) / 2, (a.LogSecond.Exp() + b.LogSecond.Exp()) / 2);
        Column middle = -(first * first.Log() + second * second.Log()), mean = (Entropy(a) + Entropy(b)) / 2;
        return middle - mean + eta * mean;
    }

    private static Column Entropy(PairPreference p) => -(p.LogFirst.Exp() * p.LogFirst + p.LogSecond.Exp() * p.LogSecond);

    /// <summary>Cross-entropy of a pupil to a teacher.</summary>
    private static Column Cross(PairPreference teacher, PairPreference pupil) =>
        -(teacher.LogFirst.Exp() * pupil.LogFirst + teacher.LogSecond.Exp() * pupil.LogSecond);
}
