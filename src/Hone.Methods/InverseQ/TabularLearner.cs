using Hone.Core;

namespace Hone.Methods.InverseQ;

/// <summary>A table of logits learnt by plain gradient steps on sampled texts; starts at the reference.</summary>
/// <param name="mdp">The process.</param>
/// <param name="beta">Strength of the pull to the reference.</param>
/// <param name="rate">Step size.</param>
/// <param name="batch">Texts per step.</param>
internal sealed class TabularLearner(TokenMdp mdp, double beta, double rate, int batch)
{
    private readonly double[][] logits = [.. mdp.LogReference.Select(r => (double[])r.Clone())];
    private double baseline;
    private int steps;

    /// <summary>[states][V].</summary>
    public double[][] LogPolicy => [.. logits.Select(TokenMdp.LogSoftmax)];

    /// <summary>Inverse-Q*: least squares between the policy's implicit reward and the estimator's, token by token.</summary>
    /// <param name="logEstimate">[states][V] log π̃*.</param>
    /// <param name="random">Samples.</param>
    public void Imitate(double[][] logEstimate, RandomStream random) => Step(random, (policy, text) =>
        [.. text.Select(t => 2 * beta * beta * (policy[t.State][t.Action] - logEstimate[t.State][t.Action]))]);

    /// <summary>REINFORCE with the whole text's reward less β times its log-ratio, and a moving average as baseline.</summary>
    public void Reinforce(RandomStream random)
    {
        List<double> returns = [];
        Step(random, (policy, text) =>
        {
            double total = text.Sum(t => mdp.Rewards[t.State][t.Action] - beta * (policy[t.State][t.Action] - mdp.LogReference[t.State][t.Action]));
            returns.Add(total);
            return [.. text.Select(_ => -(total - baseline))];
        });
        baseline = steps++ == 0 ? returns.Average() : 0.9 * baseline + 0.1 * returns.Average();
    }

    /// <summary>One step down Σ_t c_t ∇ log π(a_t|s_t), averaged over texts; <paramref name="coefficients"/> gives c.</summary>
    private void Step(RandomStream random, Func<double[][], List<(int State, int Action)>, double[]> coefficients)
    {
        double[][] policy = LogPolicy, gradient = [.. logits.Select(l => new double[l.Length])];
        for (int n = 0; n < batch; n++)
        {
            List<(int State, int Action)> text = Sample(policy, random);
            double[] factors = coefficients(policy, text);
            for (int t = 0; t < text.Count; t++)
                for (int a = 0; a < mdp.Vocabulary; a++)
                    gradient[text[t].State][a] += factors[t] * ((a == text[t].Action ? 1 : 0) - Math.Exp(policy[text[t].State][a])) / batch;
        }
        for (int s = 0; s < logits.Length; s++)
            for (int a = 0; a < mdp.Vocabulary; a++) logits[s][a] -= rate * gradient[s][a];
    }

    private List<(int State, int Action)> Sample(double[][] policy, RandomStream random)
    {
        List<(int, int)> text = [];
        for (int state = 0; state >= 0;)
        {
            double at = random.NextDouble();
            int action = 0;
            while (action < mdp.Vocabulary - 1 && (at -= Math.Exp(policy[state][action])) >= 0) action++;
            text.Add((state, action));
            state = mdp.Next(state, action);
        }
        return text;
    }
}
