using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.OnPolicy;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Scir;

/// <summary>Samples answers from the model as it is now and puts them into pairs, in random order.</summary>
/// <param name="model">The policy.</param>
/// <param name="judge">The judge's question, for the length of what it will read.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed and cancellation.</param>
internal sealed class PairSampler(TextModel model, JudgePrompt judge, ScirOptions options, RunContext run)
{
    private const int PromptsAtOnce = 32;

    /// <summary>Says which of two answers to a row is better, where that is known: 1, −1 or 0.</summary>
    public Func<Row, string, string, int>? Gold { get; init; }

    /// <summary>Judges pairs in the model's place; null where it judges itself.</summary>
    public EndpointJudge? Judge { get; init; }

    /// <summary>Pairs of equal answers that were dropped.</summary>
    public int Equal { get; private set; }

    /// <summary>Pairs dropped because an answer, or the judge's question about it, was too long.</summary>
    public int TooLong { get; private set; }

    /// <summary>Pairs of one iteration, with reference log-probabilities.</summary>
    /// <param name="prompts">Rows with <c>prompt</c> or <c>question</c>.</param>
    /// <param name="iteration">0-based; draws its own random numbers.</param>
    /// <param name="reference">The reference policy.</param>
    public List<ScirPair> Sample(IReadOnlyList<Row> prompts, int iteration, ReferencePolicy reference)
    {
        (Equal, TooLong) = (0, 0);
        List<ScirPair> pairs = [];
        using IProgressTask progress = run.Reporter.Start($"sampling pairs (iteration {iteration + 1})", prompts.Count, "prompts");
        foreach (int[] chunk in Enumerable.Range(0, prompts.Count).Chunk(PromptsAtOnce))
        {
            RandomStream[] streams = [.. chunk.Select(i => run.Rng($"scir/iteration={iteration}").Derive(i))];
            ILookup<int, GenerationResult> answers = model.Engine.Generate(
                [.. chunk.Select((i, at) => Request(PromptRows.Tokens(model.Text, prompts[i]), streams[at]))], cancellation: run.Cancellation).ToLookup(r => r.Request);
            for (int at = 0; at < chunk.Length; at++) pairs.AddRange(Pair(prompts[chunk[at]], [.. answers[at]], streams[at]));
            progress.Advance(chunk.Length);
        }
        if (pairs.Count == 0)
            throw new HoneException($"iteration {iteration + 1}: no pair is left of {prompts.Count} prompts ({Equal} of equal answers, {TooLong} too long). Raise --temperature, --num-generations or --max-length.");
        return WithReference(pairs, reference);
    }

    /// <summary>The pairs with log-probabilities under the reference, and with another judge's verdicts where there is one.</summary>
    public List<ScirPair> WithReference(List<ScirPair> pairs, ReferencePolicy reference)
    {
        List<TrainingExample> scored = reference.AddTo([.. pairs.Select(p => new TrainingExample(p.Answers()))], options.Train.MicroTokens, model.Workers);
        double Sum(int i, int side) => scored[i].Sequences[side].Reference!.Where((_, t) => scored[i].Sequences[side].Weights[t] != 0).Sum(x => (double)x);
        List<ScirPair> whole = [.. pairs.Select((p, i) => p with { FirstReference = Sum(i, 0), SecondReference = Sum(i, 1) })];
        return Judge is null ? whole : Judge.Judge(whole, run.Cancellation);
    }

    /// <summary>Whether the pair and the judge's question about it fit.</summary>
    public bool Fits(ScirPair pair)
    {
        int limit = model.Model.Config.MaxPositions > 0 ? model.Model.Config.MaxPositions : int.MaxValue;
        if (options.MaxLength > 0) limit = Math.Min(limit, options.MaxLength);
        int longest = pair.Prompt.Length + Math.Max(pair.First.Length, pair.Second.Length);
        return Judge is not null ? longest <= limit : Math.Max(longest, judge.Tokens(pair.Question, pair.FirstText, pair.SecondText).Length) <= limit;
    }

    private GenerationRequest Request(int[] prompt, RandomStream stream) => new()
    {
        Prompt = prompt,
        Samples = options.NumGenerations,
        MaxTokens = options.MaxCompletionLength,
        Sampling = new SamplingOptions { Temperature = options.Temperature, TopP = options.TopP },
        StopIds = model.Text.EndIds,
        Seed = unchecked((long)stream.NextUInt64()),
    };

    private IEnumerable<ScirPair> Pair(Row row, GenerationResult[] answers, RandomStream stream)
    {
        stream.Shuffle<GenerationResult>(answers);
        for (int i = 0; i + 1 < answers.Length; i += 2)
        {
            (GenerationResult a, GenerationResult b) = (answers[i], answers[i + 1]);
            if (a.Text == b.Text || a.Ids.Length == 0 || b.Ids.Length == 0)
            {
                Equal++;
                continue;
            }
            ScirPair pair = new(PromptRows.Words(row), PromptRows.Tokens(model.Text, row), a.Ids, b.Ids, a.Text, b.Text) { Gold = Gold?.Invoke(row, a.Text, b.Text) ?? 0 };
            if (Fits(pair)) yield return pair;
            else TooLong++;
        }
    }
}
