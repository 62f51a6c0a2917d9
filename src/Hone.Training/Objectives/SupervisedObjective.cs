using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives.Values;

namespace Hone.Training.Objectives;

/// <summary>What a supervised target costs.</summary>
public enum SftLoss
{
    /// <summary>−log p.</summary>
    Nll,

    /// <summary>−p log p with the factor p held fixed: dynamic fine-tuning, Wu et al., arXiv:2508.05629, equation 9.</summary>
    Dft,
}

/// <summary>
/// Supervised fine-tuning and pre-training: Σ weight · −log p(target). The head and the softmax run over targets only, in
/// pieces, and never hold batch × vocabulary numbers at once.
/// </summary>
/// <param name="model">The model that learns.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
/// <param name="loss">What a target costs.</param>
public sealed class SupervisedObjective(LanguageModel model, bool recompute = false, SftLoss loss = SftLoss.Nll) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "sft";

    public bool IsConcurrent => model.IsConcurrent;

    /// <summary>Log entropy, mean_token_accuracy and num_tokens, which needs the logits a second time.</summary>
    public bool LogsMetrics { get; init; }

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        Tensor hidden = model.Hidden(tape, batch, state);
        if (loss == SftLoss.Nll && !LogsMetrics)
            return new(PolicyHead.CrossEntropy(model, tape, hidden, batch.Targets, batch.Weights), batch.TotalWeight);
        (Tensor logProbs, double[] entropy) = PolicyHead.LogProbs(model, tape, hidden, batch.Targets);
        (double sum, double[] gradient) = Evaluate(PolicyHead.Doubles(logProbs), batch.Weights, loss);
        if (LogsMetrics)
        {
            metrics.AddTokenMean("entropy", entropy, i => batch.Targets[i] >= 0);
            metrics.AddTokenMean("mean_token_accuracy", [.. HeadStatistics.IsTop(model, tape, hidden, batch.Targets).Select(t => t ? 1.0 : 0)], i => batch.Targets[i] >= 0);
            metrics.Count("num_tokens", batch.Tokens.Length);
        }
        return new(tape.Outer(logProbs, sum, gradient), batch.TotalWeight);
    }

    /// <summary>The sum over the targets and its gradient with respect to their log-probabilities.</summary>
    internal static (double Sum, double[] Gradient) Evaluate(double[] logProbs, float[] weights, SftLoss loss)
    {
        ColumnGraph graph = new();
        Column tokens = graph.Variable(logProbs), factors = graph.Constant([.. weights.Select(w => (double)w)]);
        Column sum = -((loss == SftLoss.Dft ? tokens * tokens.Exp().Detach() : tokens) * factors).Sum();
        graph.Backward(sum);
        return (sum.Values[0], tokens.Gradients);
    }
}
