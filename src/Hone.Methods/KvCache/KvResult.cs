using System.Text.Json.Nodes;
using Hone.Evaluation.LongContext;
using Hone.Models.Decoder;

namespace Hone.Methods.KvCache;

/// <summary>One task under a cache and under the full cache.</summary>
public sealed record KvTaskResult(string Task, double Quality, double FullQuality, int Samples);

/// <summary>What a cache costs and what it saves, against the full cache on the same prompts.</summary>
/// <param name="Name">The setting.</param>
/// <param name="Quality">Mean score over tasks, 0 to 1; for running text the share of positions where both caches put the same token first.</param>
/// <param name="FullQuality">The same with the full cache.</param>
/// <param name="Bytes">Mean bytes of a context in the cache, scales and zero points included.</param>
/// <param name="FullBytes">The same in the full cache (fp32).</param>
/// <param name="PeakBytes">Most bytes of a context at any time: prompts are gone through exactly.</param>
/// <param name="AllocatedBytes">Mean bytes of the buffers, bookkeeping included.</param>
/// <param name="TokensPerSecond">Decoding after the longest context; NaN when not measured.</param>
/// <param name="FullTokensPerSecond">The same with the full cache, measured in turns.</param>
/// <param name="Tasks">Task by task.</param>
/// <param name="Fidelity">Running text; null when it was not asked for.</param>
/// <param name="Scores">Score of each prompt, for paired comparisons.</param>
public sealed record KvResult(
    string Name, double Quality, double FullQuality, double Bytes, double FullBytes, double PeakBytes, double AllocatedBytes,
    double TokensPerSecond, double FullTokensPerSecond, IReadOnlyList<KvTaskResult> Tasks, FidelityReport? Fidelity, IReadOnlyList<double> Scores)
{
    internal static KvResult Of(
        string name, IReadOnlyList<KvPrompt> prompts, IReadOnlyList<KvAnswer> full, IReadOnlyList<KvAnswer> answers, FidelityReport? fidelity,
        IReadOnlyList<KvMemory> memory, long fullBytes, double[] speed)
    {
        List<KvTaskResult> tasks = [.. Enumerable.Range(0, prompts.Count).GroupBy(i => prompts[i].Sample.Task)
            .Select(g => new KvTaskResult(g.Key, g.Average(i => answers[i].Score), g.Average(i => full[i].Score), g.Count()))];
        if (fidelity is not null) tasks.Add(new(KvEvaluationOptions.Stream, fidelity.SameTop, 1, fidelity.Tokens));
        return new(
            name, tasks.Average(t => t.Quality), tasks.Average(t => t.FullQuality), memory.Average(m => m.Bytes), (double)fullBytes / memory.Count,
            memory.Max(m => m.PeakBytes), memory.Average(m => m.AllocatedBytes), speed[1], speed[0], tasks, fidelity, [.. answers.Select(a => a.Score)]);
    }

    /// <summary>The result as JSON; what was not measured is null.</summary>
    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["quality"] = Quality,
        ["full_quality"] = FullQuality,
        ["bytes"] = Bytes,
        ["full_bytes"] = FullBytes,
        ["tokens_per_second"] = Finite(TokensPerSecond),
        ["full_tokens_per_second"] = Finite(FullTokensPerSecond),
        ["peak_bytes"] = PeakBytes,
        ["allocated_bytes"] = AllocatedBytes,
        ["tasks"] = new JsonArray([.. Tasks.Select(t => new JsonObject { ["task"] = t.Task, ["quality"] = t.Quality, ["full_quality"] = t.FullQuality, ["samples"] = t.Samples })]),
        ["stream"] = Fidelity is null ? null : new JsonObject
        {
            ["perplexity"] = Fidelity.Perplexity,
            ["full_perplexity"] = Fidelity.FullPerplexity,
            ["perplexity_ratio"] = Fidelity.PerplexityRatio,
            ["mean_kl"] = Fidelity.MeanKl,
            ["kl_99"] = Fidelity.KlQuantile(0.99),
            ["same_top"] = Fidelity.SameTop,
            ["tokens"] = Fidelity.Tokens,
        },
    };

    private static JsonValue? Finite(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;
}
