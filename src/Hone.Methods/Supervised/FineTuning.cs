using Hone.Core;
using Hone.Inference;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Supervised;

/// <summary>
/// One training of a model in memory, full or with LoRA. Afterwards the model holds the result; with LoRA the
/// adapter stays attached until it is merged.
/// </summary>
public static class FineTuning
{
    /// <summary>Trains on right answers.</summary>
    /// <param name="model">Trained in place.</param>
    /// <param name="source">Examples.</param>
    /// <param name="options">Settings.</param>
    /// <param name="loraRank">0 trains all weights; else a fresh adapter of that rank on every linear layer.</param>
    /// <param name="run">Seed, reporter, folder for checkpoints (empty: none).</param>
    /// <param name="afterStep">Hears of every step.</param>
    /// <returns>The summary, and the adapter where there is one.</returns>
    public static (TrainingSummary Summary, LoraModel? Adapter) Run(
        TextModel model, IExampleSource source, TrainOptions options, int loraRank, RunContext run, Action<StepResult>? afterStep = null)
    {
        if (loraRank == 0) return (Full(model, new SupervisedObjective(model.Model, options.Recompute), source, options, run, afterStep), null);
        LoraModel adapter = LoraModel.Attach(model.Model, new LoraConfig { Rank = loraRank, Alpha = 2 * loraRank }, run.Rng("lora/init"), model.Workers);
        return (Train(model, adapter.Parameters, new SupervisedObjective(model.Model, options.Recompute), source, options, run, afterStep), adapter);
    }

    /// <summary>Trains all weights by any objective.</summary>
    public static TrainingSummary Full(
        TextModel model, IObjective objective, IExampleSource source, TrainOptions options, RunContext run, Action<StepResult>? afterStep = null)
    {
        foreach (Parameter parameter in model.Model.Parameters) parameter.Trainable = true;
        return Train(model, model.Model.Parameters, objective, source, options, run, afterStep);
    }

    private static TrainingSummary Train(
        TextModel model, IReadOnlyList<Parameter> parameters, IObjective objective, IExampleSource source, TrainOptions options, RunContext run, Action<StepResult>? afterStep)
    {
        using Trainer trainer = new(parameters, objective, options, workers: model.Workers) { AfterStep = afterStep };
        TrainingSummary summary = trainer.Run(source, run);
        foreach (Parameter parameter in parameters) parameter.Value.ReleaseGrad();
        return summary;
    }
}
