using Hone.Core;
using Hone.Evaluation.Rewards;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Training.Batching;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.OnPolicy;

/// <summary>Completions of one round, those of a prompt next to each other.</summary>
/// <param name="Rows">[completions] the row of each.</param>
/// <param name="Results">[completions] what was generated.</param>
/// <param name="Rewards">What they are worth.</param>
/// <param name="Examples">[completions] one sequence each, whose targets are the generated tokens; with TRL's metrics to log.</param>
public sealed record SampledRound(IReadOnlyList<Row> Rows, IReadOnlyList<GenerationResult> Results, RewardTable Rewards, List<TrainingExample> Examples);

/// <summary>Samples completions from a model as it is and has them judged. What a round gives depends on the weights, the seed and its number alone.</summary>
/// <param name="model">The policy.</param>
/// <param name="rows">Rows with prompts.</param>
/// <param name="rewards">Judges.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed and cancellation.</param>
public sealed class RolloutSampler(TextModel model, IReadOnlyList<Row> rows, RewardSet rewards, RolloutOptions options, RunContext run)
{
    /// <summary>Samples one round.</summary>
    /// <param name="round">Its number, from 0.</param>
    /// <param name="prompts">Prompts; the rows are gone through in an order of their own on every pass.</param>
    /// <param name="generations">Completions of each.</param>
    public SampledRound Sample(long round, int prompts, int generations)
    {
        Row[] asked = [.. Enumerable.Range(0, prompts).Select(i => RowAt(round * prompts + i))];
        RandomStream seeds = run.Rng($"rollout/step={round}");
        SamplingOptions sampling = new() { Temperature = options.Temperature };
        return Judged(asked, Generate(asked, generations, sampling, i => unchecked((long)seeds.Derive(i).NextUInt64())), generations);
    }

    /// <summary>Rewards of the likeliest completion of each of the rows.</summary>
    public double[] Greedy(IReadOnlyList<Row> asked) => Score(asked, Generate(asked, 1, SamplingOptions.Greedy, _ => 0)).Total;

    private IReadOnlyList<GenerationResult> Generate(IReadOnlyList<Row> asked, int generations, SamplingOptions sampling, Func<int, long> seed) =>
        model.Engine.Generate([.. asked.Select((row, i) => new GenerationRequest
        {
            Prompt = PromptRows.Tokens(model.Text, row), Samples = generations, MaxTokens = options.MaxCompletionLength,
            Sampling = sampling, StopIds = model.Text.EndIds, Seed = seed(i),
        })], cancellation: run.Cancellation);

    private SampledRound Judged(Row[] asked, IReadOnlyList<GenerationResult> results, int generations)
    {
        Row[] each = [.. results.Select(r => asked[r.Request])];
        RewardTable table = Score(each, results);
        List<TrainingExample> examples = [.. results.Select((r, i) => Example(each[i], r) with { Logged = Logged(table, results, i, generations) })];
        return new(each, results, table, examples);
    }

    private RewardTable Score(IReadOnlyList<Row> each, IReadOnlyList<GenerationResult> results)
    {
        RewardTable table = rewards.Score([.. results.Select((r, i) => new RewardItem(each[i], PromptRows.Words(each[i]), r.Text))], run.Cancellation);
        if (options.MissingEosPenalty == 0) return table;
        return table with { Total = [.. table.Total.Select((t, i) => results[i].Finish == FinishReason.Length ? t - options.MissingEosPenalty : t)] };
    }

    private TrainingExample Example(Row row, GenerationResult result)
    {
        int[] prompt = PromptRows.Tokens(model.Text, row);
        TrainingSequence sequence = TrainingSequence.FromPrompt([.. prompt, .. result.Ids], prompt.Length);
        bool isMasked = options.MaskTruncatedCompletions && result.Finish == FinishReason.Length;
        return new(isMasked ? sequence with { Weights = new float[sequence.Ids.Length] } : sequence);
    }

    /// <summary>TRL's metrics. Those of the round as a whole stand in every example, so that their mean is they.</summary>
    private Dictionary<string, double> Logged(RewardTable table, IReadOnlyList<GenerationResult> results, int i, int generations)
    {
        Dictionary<string, double> logged = new()
        {
            ["reward_std"] = GroupAdvantages.Moments(table.Total).Deviation,
            ["completions/mean_length"] = results[i].Ids.Length,
            ["completions/min_length"] = results.Min(r => r.Ids.Length),
            ["completions/max_length"] = results.Max(r => r.Ids.Length),
            ["completions/clipped_ratio"] = results[i].Finish == FinishReason.Length ? 1 : 0,
        };
        if (results[i].Finish != FinishReason.Length) logged["completions/mean_terminated_length"] = results[i].Ids.Length;
        if (generations > 1) logged["frac_reward_zero_std"] = GroupAdvantages.ZeroDeviationShare(table.Total, generations, RewardScale.Group);
        if (!double.IsNaN(table.Total[i])) logged["reward"] = table.Total[i];
        for (int f = 0; f < table.ByFunction.Length; f++)
        {
            if (double.IsNaN(table.ByFunction[f][i])) continue;
            logged[$"rewards/{rewards.Rewards[f].Name}/mean"] = table.ByFunction[f][i];
            logged[$"rewards/{rewards.Rewards[f].Name}/std"] = GroupAdvantages.Moments(table.ByFunction[f]).Deviation;
        }
        return logged;
    }

    /// <summary>The n-th prompt of the run.</summary>
    private Row RowAt(long n)
    {
        (long pass, long place) = Math.DivRem(n, rows.Count);
        int[] order = [.. Enumerable.Range(0, rows.Count)];
        run.Rng($"prompts/pass={pass}").Shuffle<int>(order);
        return rows[order[place]];
    }
}
