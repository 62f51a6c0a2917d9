using System.Text;

namespace Hone.Evaluation.Metrics;

/// <summary>
/// Multiple choice by log-likelihood, with the normalisations of lm-evaluation-harness. Each method gives the index of the chosen
/// answer; the first of equals wins.
/// </summary>
public static class MultipleChoice
{
    /// <summary>The likeliest continuation (acc).</summary>
    public static int ByLikelihood(IReadOnlyList<double> logLikelihoods) => Statistics.Sampling.Best(logLikelihoods);

    /// <summary>Log-likelihood per Unicode code point of the choice, its leading space not counted (acc_norm).</summary>
    public static int PerCharacter(IReadOnlyList<double> logLikelihoods, IReadOnlyList<string> choices) =>
        Best(logLikelihoods, i => logLikelihoods[i] / choices[i].EnumerateRunes().Count());

    /// <summary>Log-likelihood per UTF-8 byte of the choice (acc_bytes).</summary>
    public static int PerByte(IReadOnlyList<double> logLikelihoods, IReadOnlyList<string> choices) =>
        Best(logLikelihoods, i => logLikelihoods[i] / Encoding.UTF8.GetByteCount(choices[i]));

    /// <summary>Gain over the choice's log-likelihood without the question (acc_mutual_info).</summary>
    public static int ByMutualInformation(IReadOnlyList<double> logLikelihoods, IReadOnlyList<double> unconditional) =>
        Best(logLikelihoods, i => logLikelihoods[i] - unconditional[i]);

    /// <summary>Probabilities over the choices: softmax of the log-likelihoods.</summary>
    public static double[] Probabilities(IReadOnlyList<double> logLikelihoods)
    {
        double greatest = logLikelihoods.Max();
        double[] weights = [.. logLikelihoods.Select(l => Math.Exp(l - greatest))];
        double sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }

    private static int Best(IReadOnlyList<double> logLikelihoods, Func<int, double> score) =>
        Statistics.Sampling.Best([.. Enumerable.Range(0, logLikelihoods.Count).Select(score)]);
}
