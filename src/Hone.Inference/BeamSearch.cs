using Hone.Core;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Tensors;

namespace Hone.Inference;

/// <summary>
/// Beam search as transformers does it: each step takes the best 2 × beams candidates; one that ends counts as finished only if it
/// is among the best beams of them, and the best beams that do not end go on. Not thread-safe: one call at a time.
/// </summary>
/// <param name="engine">Model, threads and store; must not generate at the same time.</param>
public sealed class BeamSearch(Engine engine)
{
    /// <summary>Finds the likeliest continuations of a prompt.</summary>
    /// <returns>Best first.</returns>
    /// <exception cref="HoneException">Settings outside their range, or a token outside the vocabulary.</exception>
    public IReadOnlyList<BeamResult> Run(IReadOnlyList<int> prompt, BeamOptions options)
    {
        if (prompt.Count == 0) throw new HoneException("the prompt has no tokens. Start with at least one.");
        if (options.Beams < 1 || options.MaxTokens < 1) throw new HoneException($"{options.Beams} beams and {options.MaxTokens} tokens; expected 1 or more of each.");
        if (options.Returned < 1 || options.Returned > options.Beams) throw new HoneException($"{options.Returned} texts of {options.Beams} beams; expected 1 to {options.Beams}.");
        engine.Model.CheckTokens(prompt);
        using Search search = new(engine, [.. prompt], options);
        while (search.Step()) { }
        return search.Results;
    }

    private sealed record Beam(int[] Tokens, double Sum, IKvCache Cache);

    private readonly record struct Candidate(int Parent, int Token, double Sum);

    private sealed class Search : IDisposable
    {
        private readonly Engine engine;
        private readonly BeamOptions options;
        private readonly int promptLength;
        private readonly IReadOnlyCollection<int> endIds;
        private readonly IReadOnlyList<ILogitsProcessor> rules;
        private readonly Tape tape;
        private readonly List<BeamResult> finished = [];
        private List<Beam> running;

        public Search(Engine engine, int[] prompt, BeamOptions options)
        {
            (this.engine, this.options, promptLength) = (engine, options, prompt.Length);
            endIds = options.StopIds ?? engine.EndIds;
            rules = (options.Rules with { Temperature = 0 }).Processors(endIds, promptLength);
            tape = new Tape(engine.Workers, recording: false);
            running = [new Beam(prompt, 0, engine.NewCache())];
        }

        public IReadOnlyList<BeamResult> Results => [.. finished.Take(options.Returned)];

        /// <summary>Adds one token to every beam; false when the search is over.</summary>
        public bool Step()
        {
            List<Candidate> candidates = Best(2 * options.Beams);
            int length = running[0].Tokens.Length + 1 - promptLength;
            bool last = length == options.MaxTokens;
            foreach (Candidate candidate in candidates.Take(options.Beams).Where(c => last || endIds.Contains(c.Token))) Finish(candidate, length);
            Continue([.. candidates.Where(c => !endIds.Contains(c.Token)).Take(options.Beams)]);
            tape.Reset();
            return !last && running.Count > 0 && !IsOver(length);
        }

        public void Dispose()
        {
            foreach (Beam beam in running) beam.Cache.Dispose();
            tape.Dispose();
            tape.Memory.Trim();
        }

        private void Finish(Candidate candidate, int length)
        {
            double score = candidate.Sum / Math.Pow(length, options.LengthPenalty);
            int place = finished.FindIndex(other => other.Score < score);
            finished.Insert(place < 0 ? finished.Count : place, new BeamResult([.. running[candidate.Parent].Tokens.Skip(promptLength), candidate.Token], score));
            if (finished.Count > options.Beams) finished.RemoveAt(options.Beams);
        }

        private void Continue(Candidate[] chosen)
        {
            List<Beam> next = [.. chosen.Select(c => new Beam([.. running[c.Parent].Tokens, c.Token], c.Sum, running[c.Parent].Cache.Fork()))];
            foreach (Beam beam in running) beam.Cache.Dispose();
            running = next;
        }

        private bool IsOver(int length)
        {
            if (finished.Count < options.Beams) return false;
            if (options.EarlyStopping == EarlyStopping.AsSoonAsEnough) return true;
            int reach = options.EarlyStopping == EarlyStopping.Never && options.LengthPenalty > 0 ? options.MaxTokens : length;
            return running[0].Sum / Math.Pow(reach, options.LengthPenalty) <= finished[^1].Score;
        }

        /// <summary>The best continuations of all beams, best first.</summary>
        private List<Candidate> Best(int count)
        {
            ForwardStep step = new(engine.Model, tape, engine.Options.Adapters);
            foreach (Beam beam in running) step.Add(beam.Cache, beam.Tokens, beam.Tokens.Length, wantsLogits: true);
            Tensor logits = step.Run()!;
            if (running[0].Tokens.Length == promptLength) running[0].Cache.EndPrompt();
            PriorityQueue<Candidate, double> best = new();
            for (int b = 0; b < running.Count; b++)
            {
                Span<float> row = logits.Data.Slice(b * logits.Shape.Last, logits.Shape.Last);
                new Renormalise().Apply(row, default);
                foreach (ILogitsProcessor rule in rules) rule.Apply(row, new TokenHistory(running[b].Tokens, promptLength));
                for (int token = 0; token < row.Length; token++)
                {
                    if (float.IsNegativeInfinity(row[token])) continue;
                    double sum = running[b].Sum + row[token];
                    if (best.Count < count) best.Enqueue(new(b, token, sum), sum);
                    else if (best.TryPeek(out _, out double least) && sum > least) best.EnqueueDequeue(new(b, token, sum), sum);
                }
            }
            if (best.Count == 0) throw new HoneException("every token is forbidden by the rules. Loosen the bans or the n-gram rule.");
            return [.. best.UnorderedItems.Select(item => item.Element).OrderByDescending(c => c.Sum)];
        }
    }
}
