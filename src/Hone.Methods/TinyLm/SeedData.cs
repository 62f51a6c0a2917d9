using Hone.Core;
using Hone.Evaluation.Tasks;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.TinyLm;

/// <summary>
/// The stream the seed model learns from: generated problems with their solutions, a share of them with one of the hints of
/// Guided Self-Improvement. Example n is a function of (seed, n).
/// </summary>
/// <param name="text">Tokens of the model.</param>
/// <param name="options">Grammar settings.</param>
/// <param name="seed">Seed of the stream.</param>
/// <param name="hintShare">Share of examples with a hint, 0 to 1.</param>
public sealed class SeedData(ModelText text, WordProblemOptions options, long seed, double hintShare) : IExampleSource
{
    public long? Count => null;

    public TrainingExample Get(long index)
    {
        WordProblem problem = WordProblems.At(ProblemSplit.Train, seed, index, options);
        RandomStream random = new RandomStream(seed, "seed-data/hints").Derive(index);
        string question = random.NextDouble() < hintShare ? Hinted(problem, random) : problem.Question;
        TokenizedCompletion tokens = text.QuestionAndAnswer(question, problem.Solution);
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    }

    private static string Hinted(WordProblem problem, RandomStream random)
    {
        switch (random.Next(3))
        {
            case 0: return HintText.WithAnswer(problem.Question, problem.Answer);
            case 1: return HintText.WithRationale(problem.Question, problem.Rationale);
            default:
                string wrong = Corruption.Corrupt(problem, random);
                return HintText.WithCorrection(problem.Question, wrong, RuleTeacher.Correct(problem.ToRow(), wrong));
        }
    }
}
