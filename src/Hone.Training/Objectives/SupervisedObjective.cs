using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;

namespace Hone.Training.Objectives;

/// <summary>
/// Supervised fine-tuning and pre-training: Σ weight · −log p(target). The head and the softmax run over targets only, in
/// pieces, and never hold batch × vocabulary numbers at once.
/// </summary>
/// <param name="model">The model that learns.</param>
/// <param name="recompute">Recompute activations on the way back.</param>
public sealed class SupervisedObjective(LanguageModel model, bool recompute = false) : IObjective
{
    private readonly ForwardState state = new() { Recompute = recompute };

    public string Name => "sft";

    public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
    {
        Tensor hidden = model.Hidden(tape, batch, state);
        return new(PolicyHead.CrossEntropy(model, tape, hidden, batch.Targets, batch.Weights), batch.TotalWeight);
    }
}
