using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Evaluation.Checkers;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Tasks;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Objectives;

namespace Hone.Methods.TinyLm;

/// <summary>Settings of <c>hone pretrain</c>.</summary>
[Recipe("pretrain")]
public sealed record PretrainOptions : ICheckedOptions
{
    [Description("what is learnt: word-problems (the seed model) or recall (the long-context model)")]
    public string Task { get; init; } = "word-problems";

    [Description("the recall model and its curriculum; used where the task is recall")]
    public RecallOptions Recall { get; init; } = new();

    [Description("size of the model: s, m, l or xl")]
    public string Size { get; init; } = "m";

    [Description("share of training problems that carry a hint, 0 to 1")]
    public double HintShare { get; init; } = 0.1;

    [Description("fewest steps of a problem")]
    public int MinSteps { get; init; } = 2;

    [Description("most steps of a problem")]
    public int MaxSteps { get; init; } = 4;

    [Description("kinds of stories to learn from; naming one several times makes it more frequent")]
    public IReadOnlyList<string> Families { get; init; } = ["chain", "price", "pair", "comparison", "comparison"];

    [Description("held-out problems for the final figure, of all kinds in equal shares")]
    public int HeldOut { get; init; } = 500;

    [Description("accuracy on held-out problems the model has to reach, 0 to 1; 0 for no gate")]
    public double Gate { get; init; } = 0.95;

    [Description("training steps at which a rung is saved beside the model")]
    public IReadOnlyList<int> Rungs { get; init; } = [];

    public TrainOptions Train { get; init; } = new()
    {
        Steps = 2400,
        Batch = 32,
        MicroTokens = 8192,
        Lr = 2e-3,
        Schedule = "trapezoid",
        Warmup = 50,
        Decay = 0.6,
        Optimizer = "muon",
        MuonLr = 0.02,
        Beta2 = 0.95,
        WeightDecay = 0.01,
        CheckpointEvery = 250,
        LogEvery = 10,
    };

    /// <inheritdoc/>
    public void Check()
    {
        string[] tasks = ["word-problems", "recall"];
        if (!tasks.Contains(Task)) throw HoneException.Unknown("task to learn", Task, tasks);
    }
}

/// <summary>What pre-training ended with.</summary>
/// <param name="Model">Folder of the model.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="Accuracy">On held-out problems, 0 to 1; of the recall model the lowest over tasks and lengths.</param>
/// <param name="PartName">What <paramref name="Parts"/> are: <c>steps</c>, or <c>task</c> for task and length.</param>
/// <param name="Parts">Accuracy of each part.</param>
/// <param name="Tokens">Tokens of training.</param>
/// <param name="Seconds">Time of training.</param>
/// <param name="GatePassed">Whether the accuracy reaches the gate.</param>
public sealed record PretrainResult(
    string Model, long Parameters, double Accuracy, string PartName, IReadOnlyDictionary<string, double> Parts, long Tokens, double Seconds, bool GatePassed);

/// <summary>
/// Trains the built-in model from nothing on the endless stream of generated problems, then holds it against problems it has
/// never seen. Follows the field's recipe for very small language models: visible steps, completion-only loss, Muon, constant
/// rate and a long linear decay.
/// </summary>
public static class PretrainRecipe
{
    /// <summary>Trains, evaluates and saves to <c>folder/model</c>.</summary>
    public static PretrainResult Run(PretrainOptions options, RunContext run, WorkerPool workers)
    {
        PretrainResult done = options.Task == "recall" ? PretrainRecall.Run(options, run, workers) : RunProblems(options, run, workers);
        AtomicFile.WriteText(run.PathOf("pretrain.json"), ToJson(done).ToJsonString(Jsonl.Indented) + "\n");
        return done;
    }

    private static PretrainResult RunProblems(PretrainOptions options, RunContext run, WorkerPool workers)
    {
        SeedSize size = SeedSize.Named(options.Size);
        Tokenizer tokenizer = SeedModel.CreateTokenizer();
        LanguageModel model = SeedModel.Create(size, tokenizer.VocabularySize, run.Rng("pretrain/init"));
        foreach (var parameter in model.Parameters) parameter.Trainable = true;
        TextModel text = new(new LoadedModel(model, null, tokenizer), workers);
        WordProblemOptions grammar = new() { MinSteps = options.MinSteps, MaxSteps = options.MaxSteps };
        run.Reporter.Line($"seed model '{size.Name}': {model.ParameterCount:N0} weights, {tokenizer.VocabularySize} tokens");
        using Trainer trainer = new(model.Parameters, new SupervisedObjective(model, options.Train.Recompute), options.Train, workers: workers)
        {
            AfterStep = result => SaveRung(options, run, text, grammar, result.Step),
        };
        SeedData data = new(text.Text, grammar with { Families = options.Families }, run.Seed, options.HintShare);
        TrainingSummary summary = trainer.Run(data, run);
        TaskResult result = Evaluate(text, options.HeldOut, grammar, run);
        string folder = run.PathOf("model");
        text.Save(folder, WeightType.BF16);
        Dictionary<string, double> bySteps = result.Answers.GroupBy(a => (int)a.Row.Fields["k"]!).OrderBy(g => g.Key)
            .ToDictionary(g => g.Key.ToString(), g => g.Average(a => a.Score.Passes ? 1.0 : 0.0));
        return new(folder, model.ParameterCount, result.Accuracy, "steps", bySteps, summary.Tokens, summary.Seconds, result.Accuracy >= options.Gate);
    }

    /// <summary>The result as the JSON of <c>--json</c> and pretrain.json.</summary>
    public static JsonObject ToJson(PretrainResult result) => new()
    {
        ["model"] = result.Model,
        ["parameters"] = result.Parameters,
        ["accuracy"] = result.Accuracy,
        [$"accuracy_by_{result.PartName}"] = new JsonObject(result.Parts.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        ["tokens"] = result.Tokens,
        ["seconds"] = Math.Round(result.Seconds, 1),
        ["gate_passed"] = result.GatePassed,
    };

    private static TaskResult Evaluate(TextModel text, int count, WordProblemOptions grammar, RunContext run) => TaskEvaluation.Run(
        text, WordProblems.Take(ProblemSplit.HeldOut, 0, count, grammar), new EquationStepsChecker(), 96, "held-out problems", run);

    private static void SaveRung(PretrainOptions options, RunContext run, TextModel text, WordProblemOptions grammar, int step)
    {
        if (!options.Rungs.Contains(step)) return;
        double accuracy = Evaluate(text, Math.Min(200, options.HeldOut), grammar, run).Accuracy;
        text.Save(run.PathOf($"rung-{step:D5}"), WeightType.BF16);
        run.Reporter.Line($"rung at step {step}: {accuracy:P1} of {Math.Min(200, options.HeldOut)} held-out problems");
    }
}
