using Hone.Core;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>How much is drawn; the defaults are the released scripts'.</summary>
public sealed record SamplingBudget
{
    /// <summary>Unguided draws per question (n).</summary>
    public int Draws { get; init; } = 8;

    /// <summary>Correct solutions wanted per question (m).</summary>
    public int Target { get; init; } = 4;

    /// <summary>Redraw rounds at most (R): 8 when guided; the released brute force takes 128.</summary>
    public int Redraws { get; init; } = 8;

    /// <summary>Whether equal solutions of a question become one row of the data (they count towards <see cref="Target"/> either way).</summary>
    public bool Deduplicate { get; init; } = true;
}

/// <summary>A correct solution that was kept.</summary>
/// <param name="Item">Question.</param>
/// <param name="Text">Whole solution.</param>
/// <param name="Guidance">How it was drawn; <see cref="Guidance.None"/> for the unguided pass.</param>
/// <param name="Prefix">State reset: the part that was given.</param>
public sealed record KeptSolution(PoolItem Item, string Text, Guidance Guidance, string Prefix);

/// <summary>What one iteration's sampling gave.</summary>
public sealed class SamplingOutcome
{
    /// <summary>Kept solutions, in order of questions, then of draws.</summary>
    public required IReadOnlyList<KeptSolution> Kept { get; init; }

    /// <summary>Correct draws of the unguided pass per question: the data of vanilla self-improvement.</summary>
    public required int[] UnguidedHits { get; init; }

    /// <summary>Correct draws per question at the end.</summary>
    public required int[] Hits { get; init; }

    /// <summary>Questions redrawn in each round (the size of S).</summary>
    public required IReadOnlyList<int> RedrawSizes { get; init; }

    /// <summary>Draws made: n·|D| + Σ redraws.</summary>
    public required int Draws { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long Tokens { get; init; }
}

/// <summary>
/// The sampling of Guided Self-Improvement: one cheap unguided pass, then redraws with hints of only those questions that
/// still lack correct solutions. "Mitigating Tail Narrowing in LLM Self-Improvement via Socratic-Guided Sampling",
/// arXiv:2411.00750, steps 2 and 3 of the card.
/// </summary>
public sealed class GuidedSampling(ISolutionSampler sampler, SamplingBudget budget, Guidance guidance, SamplingLog log)
{
    private readonly record struct Pending(int Index, string Key, DrawRequest Request);

    /// <summary>Samples the pool once.</summary>
    /// <param name="pool">Questions with unique ids.</param>
    /// <param name="iteration">Round of self-improvement, from 0; part of every draw's random stream.</param>
    /// <param name="progress">Hears of finished draws.</param>
    /// <param name="cancellation">Stops between batches; what was drawn is in the log.</param>
    /// <exception cref="HoneException">Two questions have the same id.</exception>
    public SamplingOutcome Run(
        IReadOnlyList<PoolItem> pool, int iteration, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        if (pool.GroupBy(item => item.Id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new HoneException($"id '{twice.Key}' is used by {twice.Count()} questions of the pool; every draw is kept under its question's id, so ids must differ.");
        State state = new(pool, budget.Deduplicate);
        for (int round = 0; round < budget.Draws; round++)
            DrawRound(state, [.. Enumerable.Range(0, pool.Count)], iteration, "free", round, Guidance.None, progress, cancellation);
        int[] unguided = [.. state.Hits];
        List<int> sizes = [];
        for (int round = 0; guidance != Guidance.None && round < budget.Redraws; round++)
        {
            int[] lacking = [.. Enumerable.Range(0, pool.Count).Where(i => state.Hits[i] < budget.Target)];
            if (lacking.Length == 0) break;
            sizes.Add(lacking.Length);
            DrawRound(state, lacking, iteration, "redraw", round, guidance, progress, cancellation);
        }
        return new SamplingOutcome
        {
            Kept = [.. state.Kept.SelectMany(k => k)],
            UnguidedHits = unguided,
            Hits = state.Hits,
            RedrawSizes = sizes,
            Draws = state.Draws,
            Tokens = state.Tokens,
        };
    }

    private void DrawRound(
        State state, int[] indices, int iteration, string phase, int round, Guidance kind, Action<int>? progress, CancellationToken cancellation)
    {
        List<Pending> pending = [];
        foreach (int i in indices)
        {
            string key = SamplingLog.Key(iteration, phase, round, state.Pool[i].Id);
            DrawRequest request = Request(state, i, kind, round, key);
            if (log.Find(key) is { } earlier) state.Take(i, request, earlier);
            else pending.Add(new(i, key, request));
        }
        progress?.Invoke(indices.Length - pending.Count);
        foreach (Pending[] batch in pending.Chunk(256)) // a killed run loses at most this many draws
        {
            IReadOnlyList<Draw?> draws = sampler.DrawAll([.. batch.Select(p => p.Request)], cancellation);
            for (int i = 0; i < batch.Length; i++)
            {
                if (draws[i] is not { } draw) continue;
                log.Add(batch[i].Key, state.Pool[batch[i].Index], draw);
                state.Take(batch[i].Index, batch[i].Request, draw);
            }
            progress?.Invoke(batch.Length);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// The guided request of a question, or the nearest that can be made: a missing rationale turns rationale and state-reset
    /// guidance into answer guidance, a rationale too short to cut into an unguided redraw, and revision waits for a wrong solution.
    /// </summary>
    private static DrawRequest Request(State state, int index, Guidance kind, int round, string key)
    {
        PoolItem item = state.Pool[index];
        if (kind is Guidance.Rationale or Guidance.StateReset && item.Rationale is null) kind = Guidance.Answer;
        string prefix = kind == Guidance.StateReset ? PrefixSchedule.Prefix(item.Rationale!, round) : "";
        if (kind == Guidance.StateReset && prefix.Length == 0) kind = Guidance.BruteForce;
        string? lastWrong = kind == Guidance.Interactive ? state.LastWrong[index] : null;
        if (kind == Guidance.Interactive && string.IsNullOrWhiteSpace(lastWrong)) kind = Guidance.BruteForce;
        return new(item, kind, prefix, lastWrong, key);
    }

    private sealed class State(IReadOnlyList<PoolItem> pool, bool deduplicate)
    {
        private readonly HashSet<string>[] texts = [.. pool.Select(_ => new HashSet<string>())];
        private readonly HashSet<(int, string)> prefixes = [];

        public IReadOnlyList<PoolItem> Pool => pool;

        public int[] Hits { get; } = new int[pool.Count];

        public string?[] LastWrong { get; } = new string?[pool.Count];

        public List<KeptSolution>[] Kept { get; } = [.. pool.Select(_ => new List<KeptSolution>())];

        public int Draws { get; private set; }

        public long Tokens { get; private set; }

        public void Take(int index, DrawRequest request, Draw draw)
        {
            Draws++;
            Tokens += draw.Tokens;
            if (!draw.Score.Passes)
            {
                LastWrong[index] = draw.Text;
                return;
            }
            Hits[index]++;
            if (deduplicate && !texts[index].Add(Normalise(draw.Text))) return;
            // A long prefix gives near-copies of the reference: one kept row for each (question, prefix).
            if (request.Prefix.Length > 0 && deduplicate && !prefixes.Add((index, request.Prefix))) return;
            Kept[index].Add(new(Pool[index], draw.Text, request.Guidance, request.Prefix));
        }

        private static string Normalise(string text) =>
            string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
    }
}
