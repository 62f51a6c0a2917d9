using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Rewards;
using Hone.Inference;
using Hone.Methods.Preference;
using Hone.Methods.Supervised;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Microsoft.Extensions.AI;

namespace Hone.Methods.OnPolicy;

/// <summary>What every on-policy trainer is made of: prompts, sampler, rewards, reference, and the job that trains.</summary>
public sealed class OnPolicyRun : IDisposable
{
    private readonly TextModel model;
    private readonly Dataset data;
    private readonly RolloutOptions options;
    private readonly RunContext run;
    private readonly IReadOnlyList<Row> rows;
    private readonly RewardSet rewards;
    private readonly TrainingJob job;

    /// <param name="model">The policy, sampled and trained.</param>
    /// <param name="data">Rows with prompts.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Folder, seed, reporter.</param>
    /// <param name="dryRun">Compute the first batch and update nothing.</param>
    /// <param name="critic">A value head that is trained too, and saved as value_head.safetensors.</param>
    /// <param name="rewards">Given by code; null takes those the options name.</param>
    /// <exception cref="HoneException">No prompts, or a reward that cannot be opened.</exception>
    public OnPolicyRun(TextModel model, Dataset data, RolloutOptions options, RunContext run, bool dryRun, ValueHead? critic = null, RewardSet? rewards = null)
    {
        (this.model, this.data, this.options, this.run) = (model, data, options, run);
        rows = PromptRows.Of(data);
        this.rewards = rewards ?? RewardSet.Open(options.Reward, options.RewardWeights, rows, Sources(model), run.Reporter);
        job = new TrainingJob(model, options, run, dryRun)
        {
            Extra = critic?.Parameters ?? [],
            Inputs = new JsonObject { ["data_sha256"] = data.Sha256, ["rows"] = rows.Count },
            Saved = folder => critic?.Save(folder),
        };
        Sampler = new RolloutSampler(model, rows, this.rewards, options, run);
    }

    /// <summary>Samples and judges.</summary>
    public RolloutSampler Sampler { get; }

    /// <summary>Weights of the reward functions; null for 1 each.</summary>
    public double[]? RewardWeights => rewards.Weights;

    /// <summary>The reference policy: the model named, or the one given as it is before training.</summary>
    public ReferencePolicy Reference()
    {
        if (options.RefModel.Length > 0) return ReferencePolicy.Of(ModelLoader.Load(ModelFiles.Locate(options.RefModel)).Model);
        return job.Adapter is { } adapter ? ReferencePolicy.Below(adapter) : ReferencePolicy.CopyOf(model.Model);
    }

    /// <summary>A source of rounds of <see cref="RolloutOptions.RoundExamples"/> examples.</summary>
    public RoundSource Rounds(Func<long, List<TrainingExample>> sample) => new((long)rows.Count * options.NumGenerations, options.RoundExamples, sample);

    /// <summary>Trains, or computes the first batch, and records the result.</summary>
    public JsonObject Train(RoundSource source, IObjective objective)
    {
        JsonObject result = job.Run(source, rows.Count, objective);
        (result["rewards"], result["data_sha256"]) = (new JsonArray([.. rewards.Rewards.Select(r => (JsonNode)r.Name)]), data.Sha256);
        job.Record(result);
        return result;
    }

    /// <summary>Σ (log π − log π_ref) of each completion, [completions]; the examples come back with the reference's log-probabilities.</summary>
    public (List<TrainingExample> Examples, double[] Kl) WithReference(ReferencePolicy reference, List<TrainingExample> examples)
    {
        List<TrainingExample> theirs = reference.AddTo(examples, options.Train.MicroTokens, model.Workers, options.Temperature);
        PolicyView ours = PolicyView.Of(model.Model, null, examples, options.Train.MicroTokens, model.Workers, options.Temperature);
        double[] kl = [.. theirs.Select((e, i) => e.Sequences[0].TargetPlaces().Select((place, t) => ours.LogProbs[i][t] - e.Sequences[0].Reference![place]).Sum())];
        return (theirs, kl);
    }

    public void Dispose() => rewards.Dispose();

    /// <summary>How reward models and judges are opened beside a model.</summary>
    internal static RewardSources Sources(TextModel model) => new()
    {
        Model = path => RewardModelReward.Open(ModelFiles.Locate(path), model.Workers),
        Judge = OpenJudge,
    };

    /// <summary>An endpoint string, or a model's name.</summary>
    private static IChatClient OpenJudge(string endpoint) => LocalEndpoints.Open(endpoint.Contains(':') ? endpoint : $"hone:{endpoint}");
}
