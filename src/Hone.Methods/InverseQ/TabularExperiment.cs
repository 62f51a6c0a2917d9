using Hone.Core;

namespace Hone.Methods.InverseQ;

/// <summary>What one learner came to on one process.</summary>
/// <param name="Samples">Texts until the divergence from the optimum was a tenth of where it began; the whole budget where it never was.</param>
/// <param name="Divergence">KL(π‖π*) at the end.</param>
internal sealed record TabularOutcome(int Samples, double Divergence);

/// <summary>The card's tabular comparison: 4 tokens, texts of 4, the exact optimum as estimator.</summary>
internal static class TabularExperiment
{
    private const int Vocabulary = 4, Length = 4, Batch = 16;
    private const double Beta = 0.5, Deviation = 0.5, Rate = 8;
    private static readonly double[] ReinforceRates = [2, 4, 8];

    /// <summary>Inverse-Q*, REINFORCE at its best rate, and Inverse-Q* with a noisy estimator.</summary>
    public static (TabularOutcome InverseQ, TabularOutcome Reinforce, TabularOutcome Noisy) Run(int samples, RunContext run)
    {
        TokenMdp mdp = TokenMdp.Random(Vocabulary, Length, Deviation, run.Rng("mdp"));
        double[][] best = mdp.Solve(Beta).LogPolicy;
        RandomStream noise = run.Rng("noise");
        double[][] noisy = [.. best.Select(row => TokenMdp.LogSoftmax([.. row.Select(x => x + 0.3 * noise.NextNormal())]))];
        TabularOutcome reinforce = ReinforceRates
            .Select(rate => Learn(mdp, best, samples, rate, run.Rng("samples"), (learner, random) => learner.Reinforce(random)))
            .MinBy(o => (o.Samples, o.Divergence))!;
        return (
            Learn(mdp, best, samples, Rate, run.Rng("samples"), (learner, random) => learner.Imitate(best, random)), reinforce,
            Learn(mdp, best, samples, Rate, run.Rng("samples"), (learner, random) => learner.Imitate(noisy, random)));
    }

    private static TabularOutcome Learn(TokenMdp mdp, double[][] best, int samples, double rate, RandomStream random, Action<TabularLearner, RandomStream> step)
    {
        TabularLearner learner = new(mdp, Beta, rate, Batch);
        double start = mdp.Divergence(mdp.LogReference, best);
        int reached = samples;
        for (int seen = Batch; seen <= samples; seen += Batch)
        {
            step(learner, random);
            if (reached == samples && mdp.Divergence(learner.LogPolicy, best) < 0.1 * start) reached = seen;
        }
        return new(reached, mdp.Divergence(learner.LogPolicy, best));
    }
}
