using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Data;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.OnPolicy;
using Hone.Methods.Supervised;
using Hone.Methods.Tasks;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Distillation;

/// <summary>Settings of <c>hone train distill</c>; names and defaults are TRL's GKDConfig's.</summary>
[Recipe("distill")]
public sealed record DistillOptions : TrainerOptions
{
    [Description("the teacher: a model with the same tokenizer")]
    public string TeacherModel { get; init; } = "";

    [Description("divergence: 0 is KL(teacher || student), 1 KL(student || teacher), between them generalised Jensen-Shannon")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double Beta { get; init; } = 0.5;

    [Description("share of the steps that learn from the student's own completions instead of the rows' answers")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double Lmbda { get; init; } = 0.5;

    [Description("divides both models' logits; the student samples with it too")]
    [Limits(Above = 0)]
    public double Temperature { get; init; } = 0.9;

    [Description("longest completion the student samples, in tokens")]
    [Limits(AtLeast = 1)]
    public int MaxNewTokens { get; init; } = 128;
}

/// <summary>
/// Learning a teacher's distributions, on given answers and on the student's own: generalised knowledge distillation, Agarwal et al.,
/// arXiv:2306.13649, algorithm 1.
/// </summary>
public static class DistillRecipe
{
    /// <summary>Trains and writes the result to <c>run.Folder</c>.</summary>
    /// <param name="model">The student, trained in place.</param>
    /// <param name="data">Rows of any kind that supervised training takes; with lmbda above 0 they need prompts.</param>
    /// <param name="options">Settings.</param>
    /// <param name="run">Seed, reporter, folder.</param>
    /// <param name="dryRun">Compute the first batch and update nothing.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    /// <exception cref="HoneException">No teacher, another vocabulary, rows that do not fit.</exception>
    public static JsonObject Run(TextModel model, Dataset data, DistillOptions options, RunContext run, bool dryRun = false)
    {
        if (options.TeacherModel.Length == 0) throw new HoneException("name the teacher with --teacher-model.");
        LanguageModel teacher = ModelLoader.Load(ModelFiles.Locate(options.TeacherModel)).Model;
        if (teacher.Config.VocabularySize != model.Model.Config.VocabularySize)
            throw new HoneException($"the teacher has {teacher.Config.VocabularySize} tokens, the student {model.Model.Config.VocabularySize}: they do not share a tokenizer.");
        TrainingJob job = new(model, options, run, dryRun)
        {
            Inputs = new JsonObject { ["data_sha256"] = data.Sha256, ["teacher_sha256"] = dryRun ? null : ReferenceLogProbs.HashOf(teacher) },
        };
        DistillationObjective objective = new(model.Model, teacher, options.Beta, options.Temperature, options.Train.Recompute);
        IExampleSource source = Source(model, data, options, run, dryRun, out int rows);
        JsonObject result = job.Run(source, rows, objective);
        result["data_sha256"] = data.Sha256;
        job.Record(result);
        return result;
    }

    private static IExampleSource Source(TextModel model, Dataset data, DistillOptions options, RunContext run, bool dryRun, out int rows)
    {
        List<TrainingExample> examples = new RowExamples(model.Text, new() { MaxLength = options.MaxLength, Truncation = options.Truncation }).All(data.Rows);
        ShuffledSource given = new(examples, dryRun ? null : run.Rng("shuffle"));
        rows = examples.Count;
        if (options.Lmbda == 0) return given;
        IReadOnlyList<Row> prompts = PromptRows.Of(data);
        return new RoundSource(examples.Count, options.Train.Batch, step =>
        {
            RandomStream random = run.Rng($"distill/step={step}");
            bool isOwn = random.NextDouble() < options.Lmbda;
            return isOwn ? Own(model, prompts, options, random, run) : [.. Enumerable.Range(0, options.Train.Batch).Select(i => given.Get(step * options.Train.Batch + i))];
        });
    }

    private static List<TrainingExample> Own(TextModel model, IReadOnlyList<Row> prompts, DistillOptions options, RandomStream random, RunContext run)
    {
        Row[] asked = [.. Enumerable.Range(0, options.Train.Batch).Select(_ => random.Choose(prompts))];
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. asked.Select((row, i) => new GenerationRequest
        {
            Prompt = PromptRows.Tokens(model.Text, row), MaxTokens = options.MaxNewTokens, StopIds = model.Text.EndIds,
            Sampling = new SamplingOptions { Temperature = options.Temperature }, Seed = unchecked((long)random.Derive(i).NextUInt64()),
        })], cancellation: run.Cancellation);
        return [.. results.Select(r =>
        {
            int[] prompt = PromptRows.Tokens(model.Text, asked[r.Request]);
            return new TrainingExample(TrainingSequence.FromPrompt([.. prompt, .. r.Ids], prompt.Length));
        })];
    }
}
