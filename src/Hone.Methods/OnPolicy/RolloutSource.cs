using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Training.Batching;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.OnPolicy;

/// <summary>From rewards of completions to their advantages, [completions] both; <paramref name="sequenceKl"/> is 0 without a reference.</summary>
internal delegate double[] AdvantageRule(double[] rewards, double[] sequenceKl);

/// <summary>
/// Examples that are sampled when they are asked for, from the weights as they are then. What a step sees depends on the weights, the seed
/// and the step's number alone, so a run that resumes from a checkpoint samples the same.
/// </summary>
internal sealed class RolloutSource : IExampleSource
{
    private readonly TextModel model;
    private readonly IReadOnlyList<Row> rows;
    private readonly IChecker checker;
    private readonly RolloutOptions options;
    private readonly RunContext run;
    private readonly AdvantageRule advantages;
    private readonly LanguageModel? reference;
    private readonly Lock gate = new();
    private long sampledStep = -1;
    private List<TrainingExample> sampled = [];

    /// <param name="model">The policy, sampled and trained.</param>
    /// <param name="rows">Task rows.</param>
    /// <param name="checker">Gives the reward.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed and cancellation.</param>
    /// <param name="advantages">From rewards to advantages.</param>
    /// <param name="reference">The reference policy, or null.</param>
    public RolloutSource(TextModel model, IReadOnlyList<Row> rows, IChecker checker, RolloutOptions options, RunContext run, AdvantageRule advantages, LanguageModel? reference)
    {
        (this.model, this.rows, this.checker, this.options, this.run, this.advantages, this.reference) = (model, rows, checker, options, run, advantages, reference);
    }

    public long? Count => (long)rows.Count * options.NumGenerations;

    public TrainingExample Get(long index)
    {
        lock (gate)
        {
            (long step, long place) = Math.DivRem(index, options.Train.Batch);
            if (step != sampledStep)
            {
                sampled = Sample(step);
                sampledStep = step;
            }
            return sampled[(int)place];
        }
    }

    private List<TrainingExample> Sample(long step)
    {
        int prompts = options.Train.Batch / options.NumGenerations;
        Row[] asked = [.. Enumerable.Range(0, prompts).Select(i => RowAt(step * prompts + i))];
        RandomStream seeds = run.Rng($"rollout/step={step}");
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. asked.Select((row, i) => new GenerationRequest
        {
            Prompt = model.Text.Prompt(row.Text("question")), Samples = options.NumGenerations, MaxTokens = options.MaxCompletionLength,
            Sampling = new SamplingOptions { Temperature = options.Temperature }, StopIds = model.Text.EndIds,
            Seed = unchecked((long)seeds.Derive(i).NextUInt64()),
        })], cancellation: run.Cancellation);
        double[] rewards = [.. results.Select(r => checker.Check(asked[r.Request], r.Text).Value ?? 0)];
        List<TrainingExample> examples = [.. results.Select(r => Example(asked[r.Request], r))];
        double[] kl = new double[rewards.Length];
        if (reference is not null) (examples, kl) = WithReference(examples);
        double[] values = advantages(rewards, kl);
        (double _, double deviation) = GroupAdvantages.Moments(rewards);
        double zero = GroupAdvantages.ZeroDeviationShare(rewards, options.NumGenerations, RewardScale.Group);
        return [.. examples.Select((e, i) => e with
        {
            Columns = new Dictionary<string, double>
            {
                ["advantage"] = values[i], ["reward"] = rewards[i], ["reward_std"] = deviation, ["frac_reward_zero_std"] = zero,
                ["completions/mean_length"] = results[i].Ids.Length, ["completions/clipped_ratio"] = results[i].Finish == FinishReason.Length ? 1 : 0,
            },
        })];
    }

    private TrainingExample Example(Row row, GenerationResult result)
    {
        int[] prompt = model.Text.Prompt(row.Text("question"));
        TrainingSequence sequence = TrainingSequence.FromPrompt([.. prompt, .. result.Ids], prompt.Length);
        bool isMasked = options.MaskTruncatedCompletions && result.Finish == FinishReason.Length;
        return new(isMasked ? sequence with { Weights = new float[sequence.Ids.Length] } : sequence);
    }

    /// <summary>Reference log-probabilities in the examples, and Σ (log π − log π_ref) of each completion.</summary>
    private (List<TrainingExample> Examples, double[] Kl) WithReference(List<TrainingExample> examples)
    {
        List<TrainingExample> theirs = ReferenceLogProbs.AddTo(reference!, examples, "", options.Train.MicroTokens, model.Workers, IReporter.Silent);
        List<TrainingExample> ours = ReferenceLogProbs.AddTo(model.Model, examples, "", options.Train.MicroTokens, model.Workers, IReporter.Silent);
        double Sum(TrainingExample e) => e.Sequences[0].Reference!.Sum(x => (double)x);
        return (theirs, [.. ours.Zip(theirs, (a, b) => Sum(a) - Sum(b))]);
    }

    /// <summary>The n-th prompt of the run: every pass over the rows in an order of its own.</summary>
    private Row RowAt(long n)
    {
        (long pass, long place) = Math.DivRem(n, rows.Count);
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        run.Rng($"prompts/pass={pass}").Shuffle<int>(order);
        return rows[order[place]];
    }
}
