using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Training.Batching;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.InverseQ;

/// <summary>
/// Completions sampled from the policy as it is at each step, with what reference and estimator say of their tokens. A step's samples depend on
/// the weights, the seed and the step's number, and where the estimator is renewed on its copy, which checkpoints keep.
/// </summary>
/// <param name="model">The policy.</param>
/// <param name="rows">Rows with a question or prompt.</param>
/// <param name="reference">π_ref.</param>
/// <param name="estimator">π̃*.</param>
/// <param name="renewed">The estimator's copy of the policy that is renewed; null where it stays.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed and cancellation.</param>
public sealed class InverseQSource(
    TextModel model, IReadOnlyList<Row> rows, LanguageModel reference, ITokenPolicyEstimator estimator, LanguageModel? renewed, InverseQOptions options, RunContext run) : IStatefulSource
{
    private const string CopyFile = "estimator.safetensors";
    private readonly Lock gate = new();
    private readonly Dictionary<TrainingExample, ConditionedSample> samples = new(ReferenceEqualityComparer.Instance);
    private readonly string good = Conditions.Read(options.Condition), bad = Conditions.Read(options.Negative);
    private List<TrainingExample> current = [];
    private long currentStep = -1;

    /// <inheritdoc/>
    public long? Count => (long)rows.Count * options.NumGenerations;

    /// <summary>Completions left out because the condition, the prompt and they would not fit the model's context.</summary>
    public int TooLong { get; private set; }

    /// <summary>The prompts behind an example of the present step.</summary>
    public ConditionedSample SampleOf(TrainingExample example) => samples[example];

    /// <inheritdoc/>
    public TrainingExample Get(long index)
    {
        lock (gate)
        {
            (long step, long place) = Math.DivRem(index, options.Train.Batch);
            if (step != currentStep)
            {
                // Renewed at the start of the step, before anything is sampled: a resumed run finds the copy of the last renewal in its checkpoint.
                if (renewed is not null && step > 0 && step % options.RefreshEvery == 0) FrozenCopy.Update(renewed, model.Model, model.Workers);
                Fill(step);
                currentStep = step;
            }
            return current[(int)place];
        }
    }

    /// <inheritdoc/>
    public void Save(string folder)
    {
        if (renewed is not null) FrozenCopy.Save(renewed, Path.Combine(folder, CopyFile));
    }

    /// <inheritdoc/>
    public void Load(string folder)
    {
        if (renewed is not null) FrozenCopy.Load(renewed, Path.Combine(folder, CopyFile));
    }

    private void Fill(long step)
    {
        int prompts = options.Train.Batch / options.NumGenerations;
        Row[] asked = [.. Enumerable.Range(0, prompts).Select(i => RowAt(step * prompts + i))];
        RandomStream seeds = run.Rng($"rollout/step={step}");
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. asked.Select((row, i) => new GenerationRequest
        {
            Prompt = Conditions.Prompt(model.Text, "", row), Samples = options.NumGenerations, MaxTokens = options.MaxCompletionLength,
            Sampling = new SamplingOptions { Temperature = options.Temperature }, StopIds = model.Text.EndIds, Seed = unchecked((long)seeds.Derive(i).NextUInt64()),
        })], cancellation: run.Cancellation);
        ConditionedSample[] drawn = [.. results.Select(r => Sample(asked[r.Request], r.Ids))];
        List<TrainingExample> examples = ReferenceLogProbs.AddTo(reference, [.. drawn.Select(Example)], "", options.Train.MicroTokens, model.Workers, IReporter.Silent);
        double[][] estimates = estimator.LogProbs(drawn);
        samples.Clear();
        current = [.. examples.Select((e, i) => Fits(drawn[i])
            ? e with { Sequences = [e.Sequences[0].WithTokenColumn(InverseQObjective.Estimate, estimates[i])] }
            : e with { Sequences = [e.Sequences[0].WithTokenColumn(InverseQObjective.Estimate, estimates[i]) with { Weights = new float[e.Sequences[0].Ids.Length] }] })];
        TooLong += drawn.Count(d => !Fits(d));
        for (int i = 0; i < current.Count; i++) samples[current[i]] = drawn[i];
        if (step == 0) CheckRewards();
    }

    private ConditionedSample Sample(Row row, int[] completion) =>
        new(Conditions.Prompt(model.Text, "", row), Conditions.Prompt(model.Text, good, row), Conditions.Prompt(model.Text, bad, row), completion);

    private static TrainingExample Example(ConditionedSample sample) => new(TrainingSequence.FromPrompt([.. sample.Prompt, .. sample.Completion], sample.Prompt.Length));

    private bool Fits(ConditionedSample sample) => Math.Max(sample.Good.Length, sample.Bad.Length) + sample.Completion.Length <= model.Model.Config.MaxPositions;

    /// <summary>An estimator that agrees with the reference everywhere teaches nothing.</summary>
    private void CheckRewards()
    {
        double largest = 0;
        foreach (TrainingSequence sequence in current.Select(e => e.Sequences[0]))
            foreach (int i in sequence.TargetPlaces())
                largest = Math.Max(largest, Math.Abs(sequence.TokenColumns![InverseQObjective.Estimate][i] - sequence.Reference![i]));
        if (largest < 1e-6) throw new HoneException("the estimator says the same as the reference of every token: all rewards are zero, and there is nothing to learn. Give a condition that changes what the model writes.");
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
