using Hone.Core;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Text;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.OnPolicy;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.InverseQ;

/// <summary>What one way of learning came to.</summary>
/// <param name="Score">Share of samples without a tag that show their steps, at the end.</param>
/// <param name="Kl">Mean log-ratio to the start per sampled text, in nats.</param>
/// <param name="SamplesTo80">Texts sampled until a step's samples had 80 % of the gain the tag gives; the whole budget where never.</param>
internal sealed record StyleOutcome(double Score, double Kl, int SamplesTo80);

/// <summary>
/// The card's experiment on the built-in model: answers with steps (good) and bare answers (bad), each behind a tag, and half of either without one. What
/// the tag asks for is to become the habit without it. A rule says whether an answer shows steps; only the baselines see it.
/// </summary>
internal sealed class StyleExperiment
{
    private const string GoodTag = "{question} write", BadTag = "{question} answer";
    private static readonly WordProblemOptions Short = new() { MinSteps = 1, MaxSteps = 2, DistractorShare = 0 };
    private readonly TextModel model;
    private readonly StyleSize size;
    private readonly RunContext run;
    private readonly StyleStart start;
    private readonly LanguageModel frozen;
    private readonly IReadOnlyList<Row> prompts, test;

    /// <summary>One arm, from a model that has both habits.</summary>
    /// <param name="model">The built-in model; becomes the start.</param>
    /// <param name="start">From <see cref="Taught"/> with the same seed; null leaves the model as it is.</param>
    /// <param name="size">How large.</param>
    /// <param name="run">The seed.</param>
    public StyleExperiment(TextModel model, StyleStart? start, StyleSize size, RunContext run)
    {
        start?.Weights.CopyTo(model.Model);
        (this.model, this.size, this.run) = (model, size, run);
        this.start = start ?? new(new(model.Model), 0, 0);
        prompts = WordProblems.Take(ProblemSplit.Train, run.Seed + 500, 400, Short);
        test = WordProblems.Take(ProblemSplit.HeldOut, run.Seed, size.Test, Short);
        frozen = FrozenCopy.Of(model.Model, model.Workers);
    }

    /// <summary>Teaches a model both habits.</summary>
    public static StyleStart Taught(TextModel model, StyleSize size, RunContext run)
    {
        StyleExperiment teacher = new(model, null, size, run);
        teacher.Train(new SupervisedObjective(model.Model), teacher.Mixture(), size.TeachingSteps, 32, 2e-3);
        return new(new WeightSnapshot(model.Model), teacher.Score(teacher.Sample(teacher.test, "", 1, "test")), teacher.Score(teacher.Sample(teacher.test, GoodTag, 1, "test")));
    }

    /// <summary>Inverse-Q*.</summary>
    public StyleOutcome InverseQ(EstimatorKind kind, RewardImitation loss)
    {
        InverseQOptions options = new()
        {
            Estimator = kind,
            Condition = GoodTag,
            Negative = kind == EstimatorKind.Contrastive ? BadTag : "",
            Loss = loss,
            MaxCompletionLength = size.MaxTokens,
            Train = new() { Steps = size.Steps, Batch = size.Batch, MicroTokens = 8192, Lr = size.Rate, Schedule = "constant", Warmup = 0 },
        };
        ITokenPolicyEstimator estimator = InverseQRecipe.EstimatorOf(model, frozen, frozen, options);
        InverseQSource source = new(model, prompts, frozen, estimator, null, options, run);
        return Learn(source, InverseQRecipe.ObjectiveOf(model, source, estimator, options), e => ShowsSteps(model.Text.Decode(source.SampleOf(e).Completion)));
    }

    /// <summary>Group-relative policy optimisation with the rule as reward: the baseline that sees scores.</summary>
    public StyleOutcome Grpo()
    {
        const int Group = 8;
        Dictionary<TrainingExample, bool> good = new(ReferenceEqualityComparer.Instance);
        StepSource source = new(size.Batch, step =>
        {
            List<(Row Row, int[] Ids)> drawn = Sample([.. Enumerable.Range(0, size.Batch / Group).Select(i => prompts[(int)((step * (size.Batch / Group) + i) % prompts.Count)])], "", Group, $"grpo/{step}");
            bool[] passes = [.. drawn.Select(d => ShowsSteps(model.Text.Decode(d.Ids)))];
            double[] advantages = GroupAdvantages.Grpo([[.. passes.Select(p => p ? 1.0 : 0)]], Group, RewardScale.Group);
            List<TrainingExample> examples = [.. drawn.Select((d, i) => Example(d.Row, d.Ids) with { Columns = new Dictionary<string, double> { ["advantage"] = advantages[i] } })];
            for (int i = 0; i < examples.Count; i++) good[examples[i]] = passes[i];
            return examples;
        });
        return Learn(source, new GrpoObjective(model.Model, new GrpoOptions { Beta = 0, MaxCompletionLength = size.MaxTokens }), e => good[e]);
    }

    /// <summary>DPO on pairs that the rule labelled, drawn from the start as often as the other arms sample.</summary>
    public StyleOutcome Dpo()
    {
        List<TrainingExample> pairs = [];
        List<(Row Row, int[] Ids)> drawn = Sample([.. Enumerable.Range(0, size.Steps * size.Batch / 4).Select(i => prompts[i % prompts.Count])], "", 4, "dpo");
        foreach (IGrouping<int, (Row Row, int[] Ids)> group in drawn.Select((d, i) => (d, i / 4)).GroupBy(p => p.Item2, p => p.d))
        {
            (Row Row, int[] Ids)[] better = [.. group.Where(d => ShowsSteps(model.Text.Decode(d.Ids)))], worse = [.. group.Where(d => !ShowsSteps(model.Text.Decode(d.Ids)))];
            if (better.Length > 0 && worse.Length > 0) pairs.Add(new([Example(better[0].Row, better[0].Ids).Sequences[0], Example(worse[0].Row, worse[0].Ids).Sequences[0]]));
        }
        if (pairs.Count == 0) return new(start.Score, 0, size.Steps * size.Batch);
        pairs = ReferenceLogProbs.AddTo(frozen, pairs, "", 8192, model.Workers, IReporter.Silent);
        Train(new DpoObjective(model.Model, new PreferenceOptions { Beta = 0.1 }), new ShuffledSource(pairs, run.Rng("dpo/shuffle")), size.Steps, size.Batch / 2, size.Rate);
        return Outcome(size.Steps * size.Batch);
    }

    private StyleOutcome Learn(IExampleSource source, IObjective objective, Func<TrainingExample, bool> isGood)
    {
        int reached = size.Steps * size.Batch, seen = 0;
        double wanted = start.Score + 0.8 * (start.Tagged - start.Score);
        Watched watched = new(source, size.Batch, isGood);
        Train(objective, watched, size.Steps, size.Batch, size.Rate, () =>
        {
            seen += size.Batch;
            if (reached == size.Steps * size.Batch && watched.Share >= wanted) reached = seen;
        });
        return Outcome(reached);
    }

    private StyleOutcome Outcome(int reached)
    {
        List<(Row Row, int[] Ids)> drawn = Sample(test, "", 1, "test");
        List<TrainingExample> examples = [.. drawn.Select(d => Example(d.Row, d.Ids))];
        double Sum(LanguageModel of) => ReferenceLogProbs.AddTo(of, examples, "", 8192, model.Workers, IReporter.Silent).Sum(e => e.Sequences[0].Reference!.Sum(x => (double)x));
        return new(Score(drawn), (Sum(model.Model) - Sum(frozen)) / drawn.Count, reached);
    }

    private void Train(IObjective objective, IExampleSource source, int steps, int batch, double rate, Action? afterStep = null)
    {
        TrainOptions options = new() { Steps = steps, Batch = batch, MicroTokens = 8192, Lr = rate, Schedule = "constant", Warmup = 0, Beta2 = 0.95 };
        FineTuning.Full(model, objective, source, options, new RunContext("", run.Seed, null, run.Cancellation), _ => afterStep?.Invoke());
    }

    private GeneratedSource Mixture() => new(index =>
    {
        RandomStream random = run.Rng("mixture").Derive(index);
        WordProblem problem = WordProblems.At(ProblemSplit.Train, run.Seed, index, Short);
        bool isGood = random.Next(2) == 0, isTagged = random.Next(2) == 0;
        string question = isTagged ? (isGood ? GoodTag : BadTag).Replace("{question}", problem.Question, StringComparison.Ordinal) : problem.Question;
        TokenizedCompletion tokens = model.Text.QuestionAndAnswer(question, isGood ? problem.Solution : WordProblem.AnswerMark + problem.Answer);
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    });

    private List<(Row Row, int[] Ids)> Sample(IReadOnlyList<Row> rows, string tag, int samples, string purpose)
    {
        RandomStream seeds = run.Rng($"style/{purpose}");
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. rows.Select((row, i) => new GenerationRequest
        {
            Prompt = Conditions.Prompt(model.Text, tag, row), Samples = samples, MaxTokens = size.MaxTokens,
            Sampling = new SamplingOptions(), StopIds = model.Text.EndIds, Seed = unchecked((long)seeds.Derive(i).NextUInt64()),
        })], cancellation: run.Cancellation);
        return [.. results.Select(r => (rows[r.Request], r.Ids))];
    }

    private TrainingExample Example(Row row, int[] ids)
    {
        int[] prompt = model.Text.Prompt(row.Text("question"));
        return new(TrainingSequence.FromPrompt([.. prompt, .. ids], prompt.Length));
    }

    private double Score(IReadOnlyList<(Row Row, int[] Ids)> drawn) => drawn.Average(d => ShowsSteps(model.Text.Decode(d.Ids)) ? 1.0 : 0);

    /// <summary>The rule: the first line is an equation.</summary>
    private static bool ShowsSteps(string text) => Equation.Parse(text.Split('\n')[0].TrimEnd()) is not null;

    /// <summary>Counts how many of a step's samples the rule likes.</summary>
    private sealed class Watched(IExampleSource inner, int batch, Func<TrainingExample, bool> isGood) : IExampleSource
    {
        private readonly bool[] good = new bool[batch];

        public long? Count => null;

        public double Share => good.Average(g => g ? 1.0 : 0);

        public TrainingExample Get(long index)
        {
            TrainingExample example = inner.Get(index);
            good[index % batch] = isGood(example);
            return example;
        }
    }

    /// <summary>Examples made step by step.</summary>
    private sealed class StepSource(int batch, Func<long, List<TrainingExample>> make) : IExampleSource
    {
        private List<TrainingExample> current = [];
        private long step = -1;

        public long? Count => null;

        public TrainingExample Get(long index)
        {
            if (index / batch != step) current = make(step = index / batch);
            return current[(int)(index % batch)];
        }
    }
}

/// <summary>What every arm of a seed begins with.</summary>
/// <param name="Weights">A model that has both habits.</param>
/// <param name="Score">Share of its samples without a tag that show their steps.</param>
/// <param name="Tagged">Share behind the good tag: what there is to be reached.</param>
internal sealed record StyleStart(WeightSnapshot Weights, double Score, double Tagged);

/// <summary>How large the experiment is.</summary>
internal sealed record StyleSize(int TeachingSteps, int Steps, int Batch, int Test, int MaxTokens, double Rate)
{
    public static StyleSize Full { get; } = new(100, 24, 32, 128, 40, 3e-4);

    public static StyleSize Quick { get; } = new(50, 5, 16, 30, 40, 1e-3);
}
