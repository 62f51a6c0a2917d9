using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.TinyLm;
using Hone.Models.Tokenizers;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Scir;

/// <summary>How large the experiment is.</summary>
internal sealed record ScirSize(int StartSteps, int SeedPairs, int WarmUpSteps, int Prompts, int Iterations, int StepsPerIteration, int HeldOut, int Test)
{
    public static ScirSize Full { get; } = new(1200, 256, 10, 128, 2, 20, 256, 256);

    public static ScirSize Quick { get; } = new(300, 48, 5, 24, 2, 4, 48, 48);
}

/// <summary>What one arm came to on one seed.</summary>
/// <param name="Score">Mean quality of sampled answers to test questions.</param>
/// <param name="JudgeAccuracy">Of the judge on held-out pairs.</param>
/// <param name="ImplicitAccuracy">Of the implicit reward.</param>
/// <param name="LabelAccuracy">Share of right labels among those learnt from, all steps.</param>
/// <param name="JudgeLabelAccuracy">Share of right labels the judge alone would have given, in the same steps.</param>
/// <param name="Agreement">Agreement of the rewards by step.</param>
/// <param name="Selected">Share of pairs learnt from, all steps.</param>
internal sealed record ScirArm(
    double Score, double JudgeAccuracy, double ImplicitAccuracy, double LabelAccuracy, double JudgeLabelAccuracy, IReadOnlyList<double> Agreement, double Selected)
{
    /// <summary>Mean agreement of the last quarter of the steps less that of the first.</summary>
    public double AgreementRise => Agreement.TakeLast(Quarter).Average() - Agreement.Take(Quarter).Average();

    private int Quarter => Math.Max(1, Agreement.Count / 4);
}

/// <summary>One arm on one seed, from a start model that answers and judges imperfectly.</summary>
internal sealed class ScirExperiment
{
    private const double Beta = 0.3;
    private readonly ScirSize size;
    private readonly RunContext run;
    private readonly TextModel model;
    private readonly ReferencePolicy reference;
    private readonly List<Row> prompts, test;
    private readonly List<ScirPair> heldOut;

    /// <param name="size">How large.</param>
    /// <param name="taught">From <see cref="Taught"/> with the same seed.</param>
    /// <param name="run">The seed.</param>
    public ScirExperiment(ScirSize size, WeightSnapshot taught, RunContext run)
    {
        (this.size, this.run) = (size, run);
        model = NewModel(run);
        taught.CopyTo(model.Model);
        reference = ReferencePolicy.CopyOf(model.Model);
        prompts = CountingTask.Rows(run.Rng("prompts"), size.Prompts);
        test = CountingTask.Rows(run.Rng("test"), size.Test);
        heldOut = Sampled("held out", size.HeldOut, 0);
        WarmUp();
    }

    /// <summary>The start model.</summary>
    public ScirArm Start() => Measure(new(CountingTask.JudgeTemplate, "A", "B"));

    /// <summary>A model that has learnt noisy solutions and noisy verdicts, from nothing.</summary>
    public static WeightSnapshot Taught(ScirSize size, RunContext run)
    {
        TextModel model = NewModel(run);
        RandomStream stream = run.Rng("teach");
        GeneratedSource source = new(n => CountingTask.Example(model.Text, stream.Derive(n), 0.2, 0.2));
        TrainOptions options = new() { Steps = size.StartSteps, Batch = 64, MicroTokens = 8192, Lr = 2e-3, Optimizer = "muon", Schedule = "trapezoid", Warmup = 20, Decay = 0.6, Beta2 = 0.95 };
        using Trainer trainer = new(model.Model.Parameters, new SupervisedObjective(model.Model), options, workers: model.Workers);
        trainer.Run(source, new RunContext("", run.Seed, null, run.Cancellation));
        return new WeightSnapshot(model.Model);
    }

    /// <summary>Runs one arm from the start model, once.</summary>
    /// <param name="loss">Who labels, and what inconsistency costs.</param>
    /// <param name="isJudgeTurned">Read the judge's verdicts the wrong way round: the control.</param>
    public ScirArm Run(ScirLossOptions loss, bool isJudgeTurned = false)
    {
        JudgeWords words = isJudgeTurned ? new(CountingTask.JudgeTemplate, "B", "A") : new(CountingTask.JudgeTemplate, "A", "B");
        JudgePrompt judge = words.Of(model);
        ScirOptions options = Options(size.Iterations, size.StepsPerIteration) with { Loss = loss with { Beta = Beta } };
        PairSampler sampler = new(model, judge, options, run) { Gold = CountingTask.Compare };
        ScirSource source = new(model, prompts, judge, sampler, ScirAnchor.None(judge), reference, options, run);
        Dictionary<string, List<double>> metrics = Train(source, judge, options);
        return Measure(words) with
        {
            LabelAccuracy = Mean(metrics, "gold/label"),
            JudgeLabelAccuracy = Mean(metrics, "gold/judge"),
            Agreement = metrics["agreement"],
            Selected = Mean(metrics, "selected"),
        };
    }

    private static TextModel NewModel(RunContext run) => ExperimentModel.Create(SeedTokenizer.Create(["sort"]), run);

    /// <summary>DPO on pairs with known preferences, a fifth of them wrong, so that the implicit reward says something too.</summary>
    private void WarmUp()
    {
        if (size.WarmUpSteps == 0) return;
        RandomStream flips = run.Rng("flips");
        List<ScirPair> seeds = [.. Sampled("seeds", size.SeedPairs, 1).Where(p => p.Gold != 0).Select(p => flips.NextDouble() < 0.2 ? p with { Gold = -p.Gold } : p)];
        JudgePrompt judge = new(model.Text, CountingTask.JudgeTemplate);
        TrainingExample[] examples = [.. seeds.Select(p => p.ToExample(judge, (ScirBatch.FixedLabel, p.Gold)))];
        Train(new ShuffledSource(examples, run.Rng("warm-up")), judge, Options(1, size.WarmUpSteps) with { Loss = new() { Beta = Beta } });
    }

    private Dictionary<string, List<double>> Train(IExampleSource source, JudgePrompt judge, ScirOptions options)
    {
        Dictionary<string, List<double>> metrics = [];
        using Trainer trainer = new(model.Model.Parameters, new ScirObjective(model.Model, judge, options.Loss), options.Train, workers: model.Workers)
        {
            AfterStep = step =>
            {
                foreach ((string name, double value) in step.Metrics)
                {
                    if (!metrics.TryGetValue(name, out List<double>? list)) metrics[name] = list = [];
                    list.Add(value);
                }
            },
        };
        trainer.Run(source, new RunContext("", run.Seed, null, run.Cancellation));
        return metrics;
    }

    private List<ScirPair> Sampled(string purpose, int count, int iteration)
    {
        JudgePrompt judge = new(model.Text, CountingTask.JudgeTemplate);
        PairSampler sampler = new(model, judge, Options(1, 1) with { NumGenerations = 2 }, run) { Gold = CountingTask.Compare };
        return sampler.Sample(CountingTask.Rows(run.Rng(purpose), count), 1000 + iteration, reference);
    }

    private ScirArm Measure(JudgeWords words)
    {
        List<ScirPair> known = [.. heldOut.Where(p => p.Gold != 0)];
        ScirScores scores = ScirScores.Of(model, words.Of(model), InternalRewards.Create(["judge", "implicit"], Beta, 0), known, 8192);
        IReadOnlyList<GenerationResult> answers = model.Engine.Generate([.. test.Select((row, i) => new GenerationRequest
        {
            Prompt = model.Text.Prompt(row.Text("question")), Samples = 4, MaxTokens = 12, Sampling = new SamplingOptions { Temperature = 1 }, StopIds = model.Text.EndIds, Seed = i,
        })]);
        double quality = answers.Average(a => CountingTask.Quality(test[a.Request].Text("question"), a.Text));
        return new(quality, scores.Accuracy(0, known), scores.Accuracy(1, known), 0, 0, [], 0);
    }

    private static double Mean(Dictionary<string, List<double>> metrics, string name) => metrics.TryGetValue(name, out List<double>? values) ? values.Average() : 0;

    private static ScirOptions Options(int iterations, int steps) => new()
    {
        Iterations = iterations,
        NumGenerations = 4,
        MaxCompletionLength = 12,
        Temperature = 1,
        TopP = 1,
        LabelWarmup = 0,
        MaxLength = 0,
        Train = new() { Steps = iterations * steps, Batch = 32, MicroTokens = 8192, Lr = 2e-4, Schedule = "constant", Warmup = 0, Beta2 = 0.95 },
    };

    private sealed record JudgeWords(string Template, string First, string Second)
    {
        public JudgePrompt Of(TextModel model) => new(model.Text, Template, First, Second);
    }
}
