using Hone.Core;
using Hone.Evaluation.Checkers;
using Hone.Inference;
using Hone.Inference.Sampling;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>Corrects a wrong solution in words; null when it has nothing to say.</summary>
public delegate string? Teacher(PoolItem item, string wrongSolution);

/// <summary>Draws from a local model and judges with a checker.</summary>
/// <param name="model">The model of this round.</param>
/// <param name="checker">Judge.</param>
/// <param name="seed">Run's seed; with a draw's own name it makes its random stream.</param>
/// <param name="temperature">Sampling temperature.</param>
/// <param name="maxTokens">Most tokens of a solution, prefix not counted.</param>
/// <param name="teacher">For interactive guidance.</param>
public sealed class LocalSampler(TextModel model, IChecker checker, long seed, double temperature, int maxTokens, Teacher? teacher) : ISolutionSampler
{
    public IReadOnlyList<Draw?> DrawAll(IReadOnlyList<DrawRequest> requests, CancellationToken cancellation)
    {
        string?[] questions = [.. requests.Select(Question)];
        int[] possible = [.. Enumerable.Range(0, requests.Count).Where(i => questions[i] is not null)];
        IReadOnlyList<GenerationResult> results = model.Engine.Generate(
            [.. possible.Select(i => Request(questions[i]!, requests[i]))], cancellation: cancellation);
        Draw?[] draws = new Draw?[requests.Count];
        for (int i = 0; i < possible.Length; i++)
        {
            DrawRequest request = requests[possible[i]];
            string text = request.Prefix + results[i].Text;
            Score score = results[i].Finish == FinishReason.Length ? Score.Wrong("cut off at the token limit") : checker.Check(request.Item.Row, text);
            draws[possible[i]] = new(text, score, results[i].Ids.Length);
        }
        return draws;
    }

    private string? Question(DrawRequest request) => request.Guidance switch
    {
        Guidance.Answer => HintText.WithAnswer(request.Item.Question, request.Item.Answer),
        Guidance.Rationale => HintText.WithRationale(request.Item.Question, request.Item.Rationale!),
        Guidance.Interactive => teacher?.Invoke(request.Item, request.LastWrong!) is { } correction
            ? HintText.WithCorrection(request.Item.Question, request.LastWrong!, correction) : null,
        _ => request.Item.Question,
    };

    private GenerationRequest Request(string question, DrawRequest request) => new()
    {
        Prompt = model.Text.Prompt(question, request.Prefix),
        MaxTokens = maxTokens,
        Sampling = new SamplingOptions { Temperature = temperature },
        StopIds = model.Text.EndIds,
        Seed = unchecked((long)new RandomStream(seed, request.Stream).NextUInt64()),
    };
}
