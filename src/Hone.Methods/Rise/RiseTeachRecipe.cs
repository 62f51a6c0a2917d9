using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Evaluation.Tasks;
using Hone.Inference;
using Hone.Methods.Supervised;
using Hone.Models.Text;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Rise;

/// <summary>Settings of <c>hone train rise-teach</c>.</summary>
[Recipe("rise-teach")]
public sealed record RiseTeachOptions : TrainerOptions
{
    public RiseTeachOptions() => Train = new() { Steps = 200, Batch = 32, MicroTokens = 8192, Lr = 1e-3, Beta2 = 0.95, Schedule = "linear", Warmup = 10 };

    [Description("share of examples that ask for an edit; the others are ordinary problems, so that solving is not forgotten")]
    [Limits(AtLeast = 0, AtMost = 1)]
    public double EditShare { get; init; } = 0.5;
}

/// <summary>
/// Teaches the built-in model to put errors into steps when it is asked to in the short wording, on generated problems and errors by rule.
/// After this RISE runs without any other model.
/// </summary>
public static class RiseTeachRecipe
{
    /// <summary>Trains and saves as <see cref="TrainingJob"/> does.</summary>
    public static JsonObject Run(TextModel model, RiseTeachOptions options, RunContext run, bool dryRun)
    {
        TrainingJob job = new(model, options, run, dryRun);
        JsonObject result = job.Run(Source(model.Text, options.EditShare, run.Seed), options.Train.Steps * options.Train.Batch, new SupervisedObjective(model.Model, options.Train.Recompute));
        job.Record(result);
        return result;
    }

    /// <summary>The endless stream of problems and edits; example n is a function of (seed, n).</summary>
    internal static GeneratedSource Source(ModelText text, double editShare, long seed) => new(index =>
    {
        RandomStream random = new RandomStream(seed, "rise-teach").Derive(index);
        WordProblem problem = WordProblems.At(ProblemSplit.Train, seed, index);
        (string question, string answer) = random.NextDouble() < editShare ? Edit(problem, random) : (problem.Question, problem.Solution);
        TokenizedCompletion tokens = text.QuestionAndAnswer(question, answer);
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    });

    private static (string Request, string Edited) Edit(WordProblem problem, RandomStream random)
    {
        RuleErrorInjector rules = new();
        IReadOnlyList<StepSpan> steps = StepSplitter.Split(problem.Solution, StepKind.Lines);
        while (true)
        {
            StepSpan step = random.Choose(steps);
            string line = problem.Solution.Substring(step.Start, step.Length);
            InjectionRequest request = new(problem.Question, problem.Solution[..step.Start], line, random.Choose(ErrorTypes.Admitted(line)), unchecked((long)random.NextUInt64()));
            if (rules.Inject([request], default)[0].Text is { } edited) return (EditPrompt.Short(request), edited);
        }
    }
}
