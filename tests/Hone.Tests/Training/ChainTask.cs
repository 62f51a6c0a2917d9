using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Tests.Training;

/// <summary>
/// A task small enough to be known whole: from a start token the policy writes <paramref name="length"/> tokens, each of all
/// <paramref name="vocabulary"/> ones (length 1 is a bandit), and a function says what they are worth.
/// </summary>
internal sealed class ChainTask(LanguageModel model, int vocabulary, int length, Func<int[], double> reward)
{
    private const int Start = 0;

    /// <summary>That of the sampling.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Every sequence, as an example whose targets are what was written.</summary>
    public List<TrainingExample> All() => [.. Prefixes(length).Select(Example)];

    public double Reward(TrainingExample example) => reward(example.Sequences[0].Ids[1..]);

    /// <summary>Probability of each next token behind a prefix.</summary>
    public double[] Next(int[] prefix) => Next([prefix])[0];

    /// <summary>Likewise for several prefixes at once.</summary>
    private double[][] Next(IReadOnlyList<int[]> prefixes)
    {
        using Tape tape = new(recording: false);
        TrainingBatch batch = TrainingBatch.Of([.. prefixes.Select(p => new TrainingExample(TrainingSequence.Whole([Start, .. p])))]);
        float[] logits = model.Logits(tape, model.Hidden(tape, batch)).Data.ToArray();
        return [.. prefixes.Select((_, s) => Softmax(logits.AsSpan((batch.Segments.Start(s) + batch.Segments.Length(s) - 1) * vocabulary, vocabulary)))];
    }

    private double[] Softmax(ReadOnlySpan<float> logits)
    {
        double[] values = new double[logits.Length];
        for (int v = 0; v < values.Length; v++) values[v] = Math.Exp(logits[v] / Temperature);
        double sum = values.Sum();
        return [.. values.Select(v => v / sum)];
    }

    public double Probability(int[] tokens) => Enumerable.Range(0, tokens.Length).Aggregate(1.0, (p, t) => p * Next(tokens[..t])[tokens[t]]);

    /// <summary>Σ π(sequence) · reward over the continuations of a prefix: the true value of that state.</summary>
    public double Value(int[] prefix)
    {
        if (prefix.Length == length) return reward(prefix);
        double[] next = Next(prefix);
        return Enumerable.Range(0, vocabulary).Sum(v => next[v] * Value([.. prefix, v]));
    }

    /// <summary>Draws sequences from the policy as it is.</summary>
    public List<TrainingExample> Sample(int count, RandomStream random)
    {
        int[][] prefixes = [.. Enumerable.Range(0, length).SelectMany(Prefixes)];
        Dictionary<string, double[]> known = prefixes.Zip(Next(prefixes)).ToDictionary(p => string.Join(',', p.First), p => p.Second);
        List<TrainingExample> drawn = new(count);
        for (int i = 0; i < count; i++)
        {
            int[] tokens = [];
            for (int t = 0; t < length; t++)
            {
                double[] next = known[string.Join(',', tokens)];
                double u = random.NextDouble();
                int v = 0;
                while (v < vocabulary - 1 && (u -= next[v]) >= 0) v++;
                tokens = [.. tokens, v];
            }
            drawn.Add(Example(tokens));
        }
        return drawn;
    }

    private static TrainingExample Example(int[] tokens) => new(TrainingSequence.FromPrompt([Start, .. tokens], 1));

    private IEnumerable<int[]> Prefixes(int size) => size == 0
        ? [[]]
        : Prefixes(size - 1).SelectMany(p => Enumerable.Range(0, vocabulary).Select(v => (int[])[.. p, v]));
}
