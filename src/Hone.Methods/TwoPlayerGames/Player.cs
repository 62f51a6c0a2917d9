using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Tensors;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.TwoPlayerGames;

/// <summary>A model that plays: what it says, what keeps it near its start, and how it learns.</summary>
internal sealed class Player
{
    private readonly ReferencePolicy reference;
    private readonly PpoPreparation preparation;
    private readonly GameOptions options;

    /// <param name="name">defender or adversary.</param>
    /// <param name="model">Trained in place.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed.</param>
    public Player(string name, TextModel model, GameOptions options, RunContext run)
    {
        (Name, Model, this.options) = (name, model, options);
        Critic = new ValueHead(model.Model.Config.HiddenSize);
        IReadOnlyList<Parameter> weights = model.Model.Parameters;
        if (options.LoraRank > 0)
        {
            Adapter = LoraModel.Attach(model.Model, new LoraConfig { Rank = options.LoraRank, Alpha = 2 * options.LoraRank }, run.Rng($"lora/init/{name}"), model.Workers);
            weights = Adapter.Parameters;
        }
        else
        {
            foreach (Parameter parameter in weights) parameter.Trainable = true;
        }
        reference = Adapter is null ? ReferencePolicy.CopyOf(model.Model) : ReferencePolicy.Below(Adapter);
        // Both players have weights of the same names; checkpoints tell them apart by the player's.
        Parameters = [.. weights.Concat(Critic.Parameters).Select(p => new Parameter($"{name}.{p.Name}", p.Value))];
        preparation = new PpoPreparation(model.Model, Critic, options.Advantage, options.Train.MicroTokens, model.Workers);
        Objective = new PpoObjective(model.Model, Critic, options.Loss, options.Train.Recompute);
    }

    public string Name { get; }

    public TextModel Model { get; }

    public ValueHead Critic { get; }

    public LoraModel? Adapter { get; }

    /// <summary>What is trained, with the player's name in front.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    public PpoObjective Objective { get; }

    /// <summary>One continuation of each prompt.</summary>
    public IReadOnlyList<GenerationResult> Say(IReadOnlyList<int[]> prompts, int maxTokens, RandomStream random, CancellationToken cancellation, bool greedy = false) =>
        Model.Engine.Generate([.. prompts.Select((prompt, i) => new GenerationRequest
        {
            Prompt = prompt,
            MaxTokens = maxTokens,
            StopIds = Model.Text.EndIds,
            Sampling = greedy ? SamplingOptions.Greedy : new SamplingOptions { Temperature = options.Temperature, TopP = options.TopP, RepetitionPenalty = options.RepetitionPenalty },
            Seed = unchecked((long)random.Derive(i).NextUInt64()),
        })], cancellation: cancellation);

    /// <summary>What the player said, ready to be learnt from. A reward of NaN teaches nothing.</summary>
    public List<TrainingExample> Learn(IReadOnlyList<int[]> prompts, IReadOnlyList<GenerationResult> said, double[] rewards)
    {
        TrainingExample[] examples = [.. said.Select((s, i) => Example(prompts[i], s.Ids, !double.IsNaN(rewards[i])))];
        IReadOnlyList<TrainingExample> near = options.Advantage.KlCoef > 0 ? reference.AddTo(examples, options.Train.MicroTokens, Model.Workers) : examples;
        return preparation.Prepare(near, [.. near.Select((e, i) => PpoPreparation.AtLast(e, double.IsNaN(rewards[i]) ? 0 : rewards[i]))]);
    }

    /// <summary>Writes the model, or its adapter, and the critic.</summary>
    public void Save(string folder)
    {
        if (Adapter is null || options.Merge)
        {
            Adapter?.Merge();
            Model.Save(folder);
            if (Adapter is not null) Adapter.Unmerge();
        }
        else AtomicFile.WriteFolder(folder, Adapter.Save);
        Critic.Save(folder);
    }

    private static TrainingExample Example(int[] prompt, int[] said, bool counts)
    {
        TrainingSequence sequence = TrainingSequence.FromPrompt([.. prompt, .. said], prompt.Length);
        return new(counts ? sequence : sequence with { Weights = new float[sequence.Ids.Length] });
    }
}
