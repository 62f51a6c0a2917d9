using Hone.Tensors;

namespace Hone.Training.Batching;

/// <summary>
/// Examples laid one after the other without padding: what one forward pass sees. Arrays are [tokens] unless said otherwise.
/// </summary>
public sealed class TrainingBatch
{
    /// <summary>Target of a position that predicts nothing.</summary>
    public const int NoTarget = -100;

    private TrainingBatch(IReadOnlyList<TrainingExample> examples, int tokens)
    {
        Examples = examples;
        Tokens = new int[tokens];
        Targets = new int[tokens];
        Weights = new float[tokens];
        Positions = new int[tokens];
        Segments = new Segments([.. examples.SelectMany(e => e.Sequences).Select(s => s.Ids.Length)]);
    }

    public IReadOnlyList<TrainingExample> Examples { get; }

    /// <summary>Token ids.</summary>
    public int[] Tokens { get; }

    /// <summary>Place of each token in its sequence, from 0.</summary>
    public int[] Positions { get; }

    /// <summary>The token each position should predict, or <see cref="NoTarget"/>.</summary>
    public int[] Targets { get; }

    /// <summary>Loss weight of each position's target; 0 where there is none.</summary>
    public float[] Weights { get; }

    /// <summary>Where each sequence lies; the sequences of one example follow each other.</summary>
    public Segments Segments { get; }

    /// <summary>Sum of all weights: what a per-token mean divides by.</summary>
    public double TotalWeight => Weights.Sum(w => (double)w);

    /// <summary>Lays out the examples.</summary>
    public static TrainingBatch Of(IReadOnlyList<TrainingExample> examples)
    {
        TrainingBatch batch = new(examples, examples.Sum(e => e.Tokens));
        int at = 0;
        foreach (TrainingSequence sequence in examples.SelectMany(e => e.Sequences))
        {
            int length = sequence.Ids.Length;
            sequence.Ids.CopyTo(batch.Tokens, at);
            for (int i = 0; i < length; i++)
            {
                bool isTarget = i + 1 < length && sequence.Weights[i + 1] != 0;
                batch.Positions[at + i] = i;
                batch.Targets[at + i] = isTarget ? sequence.Ids[i + 1] : NoTarget;
                batch.Weights[at + i] = isTarget ? sequence.Weights[i + 1] : 0;
            }
            at += length;
        }
        return batch;
    }

    /// <summary>Splits examples, in order, into batches of at most <paramref name="maxTokens"/> tokens (at least one example each).</summary>
    public static List<TrainingBatch> Split(IReadOnlyList<TrainingExample> examples, int maxTokens)
    {
        List<TrainingBatch> batches = [];
        List<TrainingExample> open = [];
        int tokens = 0;
        foreach (TrainingExample example in examples)
        {
            if (open.Count > 0 && tokens + example.Tokens > maxTokens)
            {
                batches.Add(Of(open));
                (open, tokens) = ([], 0);
            }
            open.Add(example);
            tokens += example.Tokens;
        }
        if (open.Count > 0) batches.Add(Of(open));
        return batches;
    }

    /// <summary>Cuts examples, in order, into at most <paramref name="parts"/> batches of about as many tokens each.</summary>
    public static List<TrainingBatch> SplitEvenly(IReadOnlyList<TrainingExample> examples, int parts)
    {
        long all = examples.Sum(e => (long)e.Tokens), before = 0;
        List<TrainingBatch> batches = [];
        List<TrainingExample> open = [];
        foreach (TrainingExample example in examples)
        {
            // An example belongs to the part in which its middle lies.
            if (open.Count > 0 && (2 * before + example.Tokens) * parts >= 2 * all * (batches.Count + 1))
            {
                batches.Add(Of(open));
                open = [];
            }
            open.Add(example);
            before += example.Tokens;
        }
        if (open.Count > 0) batches.Add(Of(open));
        return batches;
    }

    /// <summary>[tokens] one number for the target of every position; 0 where there is none.</summary>
    /// <param name="name">A column of the sequences.</param>
    /// <exception cref="ArgumentException">A sequence lacks the column.</exception>
    public double[] TokenColumn(string name)
    {
        double[] values = new double[Tokens.Length];
        int at = 0;
        foreach (TrainingSequence sequence in Examples.SelectMany(e => e.Sequences))
        {
            if (sequence.TokenColumns is null || !sequence.TokenColumns.TryGetValue(name, out float[]? column))
                throw new ArgumentException($"a sequence lacks the column '{name}'");
            for (int i = 1; i < sequence.Ids.Length; i++) values[at + i - 1] = sequence.Weights[i] != 0 ? column[i] : 0;
            at += sequence.Ids.Length;
        }
        return values;
    }

    /// <summary>Whether every sequence has the column.</summary>
    public bool HasTokenColumn(string name) => Examples.SelectMany(e => e.Sequences).All(s => s.TokenColumns?.ContainsKey(name) == true);

    /// <summary>One number per example.</summary>
    /// <exception cref="ArgumentException">An example lacks the column.</exception>
    public float[] Column(string name) =>
        [.. Examples.Select(e => e.Columns is not null && e.Columns.TryGetValue(name, out double value)
            ? (float)value
            : throw new ArgumentException($"an example lacks the column '{name}'"))];
}
