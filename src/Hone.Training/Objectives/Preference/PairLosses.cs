using Hone.Core;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives.Preference;

/// <summary>A loss over pairs: [pairs], or one number where it is a loss of the whole batch.</summary>
public delegate Column PairLoss(PairScores pairs, PreferenceOptions options);

/// <summary>The losses of direct preference optimisation, by TRL's names. δ is the difference of the log-ratios, σ the logistic function.</summary>
public static class PairLosses
{
    private static readonly Dictionary<string, PairLoss> All = new(StringComparer.Ordinal)
    {
        ["sigmoid"] = Sigmoid,
        ["hinge"] = Hinge,
        ["ipo"] = Ipo,
        ["robust"] = Robust,
        ["exo_pair"] = ExoPair,
        ["nca_pair"] = NcaPair,
        ["bco_pair"] = BcoPair,
        ["sppo_hard"] = SppoHard,
        ["aot"] = Aot,
        ["aot_unpaired"] = AotUnpaired,
        ["apo_zero"] = ApoZero,
        ["apo_down"] = ApoDown,
        ["discopop"] = Discopop,
        ["sft"] = Sft,
        ["sigmoid_norm"] = SigmoidNorm,
        ["cdpo"] = Cdpo,
        ["rdpo"] = Rdpo,
        ["adaptive_nll"] = AdaptiveNll,
    };

    /// <summary>Every name.</summary>
    public static IReadOnlyCollection<string> Names => All.Keys;

    /// <summary>The loss of that name.</summary>
    /// <exception cref="HoneException">Unknown.</exception>
    public static PairLoss Find(string name) => All.TryGetValue(name, out PairLoss? loss) ? loss : throw HoneException.Unknown("loss type", name, All.Keys);

    /// <summary>The weighted sum of the losses named in the options: mean over pairs, one number.</summary>
    /// <param name="pairs">Scores.</param>
    /// <param name="options">Loss types and weights.</param>
    /// <param name="pairWeights">[pairs] factors of per-pair losses (WPO), or null.</param>
    public static Column Total(PairScores pairs, PreferenceOptions options, Column? pairWeights = null)
    {
        IReadOnlyList<string> types = options.LossTypes();
        Column? total = null;
        for (int i = 0; i < types.Count; i++)
        {
            Column loss = Find(types[i])(pairs, options);
            if (pairWeights is not null && types[i] != "sft") loss *= pairWeights;
            loss = loss.Mean() * (options.LossWeights.Count > 0 ? options.LossWeights[i] : 1);
            total = total is null ? loss : total + loss;
        }
        return total!;
    }

    /// <summary>−log σ(β δ): Rafailov et al., "Direct Preference Optimization", arXiv:2305.18290, equation 7. Label smoothing is not used, as in TRL; see cdpo.</summary>
    private static Column Sigmoid(PairScores p, PreferenceOptions o) => -(o.Beta * p.Delta(o)).LogSigmoid();

    /// <summary>max(0, 1 − β δ): SLiC, Zhao et al., arXiv:2305.10425.</summary>
    private static Column Hinge(PairScores p, PreferenceOptions o) => (1 - o.Beta * p.Delta(o)).Relu();

    /// <summary>(δ per token − 1 / (2β))²: Azar et al., arXiv:2310.12036, with TRL's normalisation by length.</summary>
    private static Column Ipo(PairScores p, PreferenceOptions o) => (p.DeltaPerToken(o) - 1 / (2 * o.Beta)).Square();

    /// <summary>An unbiased loss under labels wrong with probability ε: Chowdhury et al., arXiv:2403.00409.</summary>
    private static Column Robust(PairScores p, PreferenceOptions o)
    {
        (Column logits, double e) = (o.Beta * p.Delta(o), o.LabelSmoothing);
        return (-(1 - e) * logits.LogSigmoid() + e * (-logits).LogSigmoid()) / (1 - 2 * e);
    }

    /// <summary>Reverse KL to the smoothed labels: EXO, Ji et al., arXiv:2402.00856, equation 16.</summary>
    private static Column ExoPair(PairScores p, PreferenceOptions o)
    {
        (Column logits, double e) = (o.Beta * p.Delta(o), o.LabelSmoothing);
        Column win = logits.Sigmoid() * (logits.LogSigmoid() - Math.Log(1 - e));
        return win + (-logits).Sigmoid() * ((-logits).LogSigmoid() - Math.Log(e));
    }

    /// <summary>NCA for pairs: Chen et al., arXiv:2402.05369.</summary>
    private static Column NcaPair(PairScores p, PreferenceOptions o)
    {
        (Column chosen, Column rejected) = (o.Beta * p.ChosenRatio, o.Beta * p.RejectedRatio);
        return -chosen.LogSigmoid() - 0.5 * (-chosen).LogSigmoid() - 0.5 * (-rejected).LogSigmoid();
    }

    /// <summary>Binary classifier optimisation of pairs: Jung et al., arXiv:2404.04656, without a shift of the rewards.</summary>
    private static Column BcoPair(PairScores p, PreferenceOptions o) =>
        -(o.Beta * p.ChosenRatio).LogSigmoid() - (-o.Beta * p.RejectedRatio).LogSigmoid();

    /// <summary>Self-play preference optimisation with hard labels: Wu et al., arXiv:2405.00675.</summary>
    private static Column SppoHard(PairScores p, PreferenceOptions o) =>
        (p.ChosenRatio - 0.5 / o.Beta).Square() + (p.RejectedRatio + 0.5 / o.Beta).Square();

    /// <summary>Optimal transport between sorted differences of policy and reference: Melnyk et al., arXiv:2406.05882. A loss of the batch.</summary>
    private static Column Aot(PairScores p, PreferenceOptions o) =>
        Smoothed(o.Beta * ((p.Chosen - p.Rejected).Sorted() - (p.ReferenceChosen - p.ReferenceRejected).Sorted()), o.LabelSmoothing);

    /// <summary>The same between sorted ratios of better and worse completions, paired or not.</summary>
    private static Column AotUnpaired(PairScores p, PreferenceOptions o) =>
        Smoothed(o.Beta * (p.ChosenRatio.Sorted() - p.RejectedRatio.Sorted()), o.LabelSmoothing);

    /// <summary>Makes better answers likelier and worse ones less likely: APO-zero, D'Oosterlinck et al., arXiv:2408.06266, equation 7.</summary>
    private static Column ApoZero(PairScores p, PreferenceOptions o) => 1 - (o.Beta * p.ChosenRatio).Sigmoid() + (o.Beta * p.RejectedRatio).Sigmoid();

    /// <summary>Makes both less likely, the worse one more so: APO-down, equation 8.</summary>
    private static Column ApoDown(PairScores p, PreferenceOptions o) =>
        (o.Beta * p.ChosenRatio).Sigmoid() + 1 - (o.Beta * (p.ChosenRatio - p.RejectedRatio)).Sigmoid();

    /// <summary>A mixture of logistic and exponential loss found by search: Lu et al., arXiv:2406.08414.</summary>
    private static Column Discopop(PairScores p, PreferenceOptions o)
    {
        Column logits = o.Beta * p.Delta(o), mixing = (logits / o.DiscopopTau).Sigmoid();
        return -logits.LogSigmoid() * (1 - mixing) + (-logits).Exp() * mixing;
    }

    /// <summary>The negative log-likelihood of better completions, as RPO adds it: Pang et al., arXiv:2404.19733.</summary>
    private static Column Sft(PairScores p, PreferenceOptions o) => p.ChosenNll;

    /// <summary>−log σ(β δ per token): length-normalised DPO.</summary>
    private static Column SigmoidNorm(PairScores p, PreferenceOptions o) => -(o.Beta * p.DeltaPerToken(o)).LogSigmoid();

    /// <summary>Conservative DPO, −(1 − ε) log σ(β δ) − ε log σ(−β δ): Mitchell 2023.</summary>
    private static Column Cdpo(PairScores p, PreferenceOptions o) => Smoothed(o.Beta * p.Delta(o), o.LabelSmoothing);

    /// <summary>Length-regularised DPO, −log σ(β δ + α (|y_w| − |y_l|)): Park et al., arXiv:2403.19159, equation 9. A longer chosen answer needs less of a margin.</summary>
    private static Column Rdpo(PairScores p, PreferenceOptions o) =>
        -(o.Beta * p.Delta(o) + o.RdpoAlpha * (p.ChosenLength - p.RejectedLength)).LogSigmoid();

    /// <summary>
    /// −log π(chosen) per token, only for pairs whose chosen answer has become less likely than under the reference; the condition itself has
    /// no gradient. The second half of RISE: Xu et al., arXiv:2410.06638.
    /// </summary>
    private static Column AdaptiveNll(PairScores p, PreferenceOptions o) =>
        -(p.Chosen / p.ChosenLength) * p.Chosen.Graph.Constant([.. p.ChosenRatio.Values.Select(r => r < 0 ? 1.0 : 0)]);

    private static Column Smoothed(Column logits, double e) => -(1 - e) * logits.LogSigmoid() - e * (-logits).LogSigmoid();
}
