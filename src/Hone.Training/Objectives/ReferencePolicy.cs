using Hone.Core;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;

namespace Hone.Training.Objectives;

/// <summary>The policy that learning is kept near: another model, or the trained one with its adapter switched off, which costs no memory.</summary>
public sealed class ReferencePolicy
{
    private readonly LanguageModel model;
    private readonly IModelAdapter? adapter;

    private ReferencePolicy(LanguageModel model, IModelAdapter? adapter) => (this.model, this.adapter) = (model, adapter);

    /// <summary>A model of its own.</summary>
    public static ReferencePolicy Of(LanguageModel model) => new(model, null);

    /// <summary>A copy of a model as it is now.</summary>
    public static ReferencePolicy CopyOf(LanguageModel model)
    {
        LanguageModel copy = new(model.Config);
        Dictionary<string, Parameter> weights = model.Parameters.ToDictionary(p => p.Name);
        foreach (Parameter parameter in copy.Parameters) weights[parameter.Name].Value.Data.CopyTo(parameter.Value.Data);
        return new(copy, null);
    }

    /// <summary>The model below an adapter that began as nothing (LoRA with B = 0).</summary>
    public static ReferencePolicy Below(IModelAdapter adapter) => new(adapter.Model, adapter);

    /// <summary>The examples with the reference's log-probabilities; see <see cref="ReferenceLogProbs.AddTo"/>. Nothing is kept on disk.</summary>
    public List<TrainingExample> AddTo(IReadOnlyList<TrainingExample> examples, int microTokens, WorkerPool? workers, double temperature = 1)
    {
        adapter?.Enable(false);
        try
        {
            return ReferenceLogProbs.AddTo(model, examples, "", microTokens, workers, IReporter.Silent, temperature);
        }
        finally
        {
            adapter?.Enable(true);
        }
    }
}
