using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Methods.EliteKv;

/// <summary>
/// Ranks the chunks of a model's heads on calibration text. Queries and keys are those of the original model, all heads fully rotated;
/// what a change of one layer does to the next is not followed, as in the paper's code.
/// </summary>
/// <param name="model">A model with rotary positions and plain projections.</param>
/// <param name="workers">Threads; null for all processors.</param>
public sealed class RopeChunkRanker(LanguageModel model, WorkerPool? workers = null)
{
    /// <summary>Ranks.</summary>
    /// <param name="sequences">Calibration text, tokens.</param>
    /// <param name="pairs">Pairs of a query and a key sampled for each head over all sequences.</param>
    /// <param name="choice">How chunks are chosen.</param>
    /// <param name="run">Randomness, progress, cancellation.</param>
    /// <exception cref="HoneException">The model cannot be converted, or there is no text.</exception>
    public ChunkRanking Rank(IReadOnlyList<int[]> sequences, int pairs, ChunkChoice choice, RunContext run)
    {
        ChunkScores[][] scores = Measure(sequences, pairs, run);
        return Rank(scores, pairs, choice, run);
    }

    /// <summary>Orders of one way of choosing, from what was measured.</summary>
    /// <param name="scores">[L][H] from <see cref="Measure"/>.</param>
    public ChunkRanking Rank(ChunkScores[][] scores, int pairs, ChunkChoice choice, RunContext run)
    {
        ModelConfig config = model.Config;
        ChunkOrder[][] orders = new ChunkOrder[config.Layers][];
        using IProgressTask progress = run.Reporter.Start("ranking chunks", config.Layers, "layers");
        for (int layer = 0; layer < config.Layers; layer++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            ChunkOrder[] heads = new ChunkOrder[config.KvHeads];
            int at = layer;
            Parallel.For(0, config.KvHeads, head => heads[head] = Order(
                new ArraySegment<ChunkScores>(scores[at], head * config.GroupSize, config.GroupSize), choice, run.Rng($"elite/random/{at}/{head}")));
            orders[layer] = heads;
            progress.Advance(1);
        }
        return new(choice, orders, pairs);
    }

    /// <summary>What rotation does in every head: [L][H].</summary>
    public ChunkScores[][] Measure(IReadOnlyList<int[]> sequences, int pairs, RunContext run)
    {
        ModelConfig config = model.Config;
        LatentConfig.Require(config, "the model");
        if (sequences.All(s => s.Length < 2)) throw new HoneException("there is no calibration text: give sequences of at least two tokens.");
        ChunkScores[][] scores = [.. Enumerable.Range(0, config.Layers).Select(_ =>
            Enumerable.Range(0, config.Heads).Select(_ => new ChunkScores(config.HeadSize / 2)).ToArray())];
        using IProgressTask progress = run.Reporter.Start("calibrating", sequences.Count, "sequences");
        for (int s = 0; s < sequences.Count; s++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            if (sequences[s].Length < 2) continue;
            // Every sequence gives its share of the pairs, the last ones what is left over.
            int share = (int)((long)pairs * (s + 1) / sequences.Count - (long)pairs * s / sequences.Count);
            Sample(sequences[s], share, run.Rng("elite/pairs").Derive(s), scores);
            progress.Advance(1);
        }
        return scores;
    }

    private static ChunkOrder Order(IReadOnlyList<ChunkScores> heads, ChunkChoice choice, RandomStream random)
    {
        int chunks = heads[0].Chunks;
        int[] order = [.. Enumerable.Range(0, chunks)];
        switch (choice)
        {
            case ChunkChoice.Elite: return RopElite.Rank(heads);
            case ChunkChoice.Random: random.Shuffle<int>(order); break;
            case ChunkChoice.Lowest: Array.Reverse(order); break;
            case ChunkChoice.Contribution:
                double[] sums = [.. order.Select(i => heads.Sum(head => head.Contributions[i]))];
                order = [.. order.OrderByDescending(i => sums[i])];
                break;
        }
        return new(order, [.. Enumerable.Range(1, chunks).Select(r => heads.Sum(head => head.Distance(choice == ChunkChoice.Uniform ? ChunkRanking.Grid(r, chunks) : order.Take(r))))]);
    }

    private void Sample(int[] sequence, int pairs, RandomStream random, ChunkScores[][] scores)
    {
        (int Query, int Key)[] sampled = Pairs(sequence.Length, pairs, random);
        RopeTable table = model.Config.Rope!.Table(model.Config.HeadSize, sequence.Length);
        double factor = table.AttentionFactor * table.AttentionFactor;
        using Tape tape = new(workers, recording: false);
        AttentionInputs inputs = new(model, (layer, queries, keys) => Parallel.For(0, model.Config.Heads, head =>
        {
            (int size, int group) = (model.Config.HeadSize, model.Config.GroupSize);
            double scale = model.Config.Attention(layer).Scale * factor;
            foreach ((int m, int n) in sampled)
                scores[layer][head].Add(
                    queries.Data.Slice(m * queries.Shape.Last + head * size, size), keys.Data.Slice(n * keys.Shape.Last + head / group * size, size),
                    m - n, table.InverseFrequencies, scale);
        }), tape);
        model.Hidden(tape, TokenBatch.Of(sequence), new ForwardState { Tap = inputs });
    }

    /// <summary>Causal pairs, all of them when there are no more than wanted, else drawn with equal chances.</summary>
    private static (int Query, int Key)[] Pairs(int length, int wanted, RandomStream random)
    {
        long all = (long)length * (length + 1) / 2;
        if (wanted >= all) return [.. Enumerable.Range(0, length).SelectMany(m => Enumerable.Range(0, m + 1).Select(n => (m, n)))];
        return [.. Enumerable.Range(0, wanted).Select(_ =>
        {
            (int a, int b) = (random.Next(length), random.Next(length + 1));
            // Folds the upper triangle onto the lower one: every pair n ≤ m comes from exactly two draws.
            return b <= a ? (a, b) : (length - 1 - a, length - b);
        })];
    }
}

/// <summary>Hands over each layer's queries and keys before rotation.</summary>
internal sealed class AttentionInputs(LanguageModel model, Action<int, Tensor, Tensor> use, Tape tape) : IForwardTap
{
    public void Hidden(int layer, Tensor hidden)
    {
        ModelConfig config = model.Config;
        if (layer >= config.Layers) return;
        string prefix = $"model.layers.{layer}";
        Tensor x = config.NormPlacement == NormPlacement.After ? hidden
            : tape.RmsNorm(hidden, model[$"{prefix}.input_layernorm.weight"].Value, config.NormEpsilon, config.NormAddsOne);
        use(layer, tape.Linear(x, model[$"{prefix}.self_attn.q_proj.weight"].Value), tape.Linear(x, model[$"{prefix}.self_attn.k_proj.weight"].Value));
    }
}
