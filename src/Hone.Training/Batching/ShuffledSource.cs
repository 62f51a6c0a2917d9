using Hone.Core;

namespace Hone.Training.Batching;

/// <summary>A list of examples, in a new random order on every pass.</summary>
public sealed class ShuffledSource : IExampleSource
{
    private readonly IReadOnlyList<TrainingExample> examples;
    private readonly RandomStream? random;
    private readonly Lock gate = new();
    private readonly int[] order;
    private long orderEpoch = -1;

    /// <param name="examples">At least one example.</param>
    /// <param name="random">Draws the orders; null keeps the given order.</param>
    /// <exception cref="HoneException">No examples.</exception>
    public ShuffledSource(IReadOnlyList<TrainingExample> examples, RandomStream? random)
    {
        if (examples.Count == 0) throw new HoneException("no training example is left: every row was empty, too long or without a target.");
        (this.examples, this.random) = (examples, random);
        order = new int[examples.Count];
    }

    public long? Count => examples.Count;

    public TrainingExample Get(long index)
    {
        (long epoch, long place) = Math.DivRem(index, examples.Count);
        if (random is null) return examples[(int)place];
        lock (gate)
        {
            if (epoch != orderEpoch) DrawOrder(epoch);
            return examples[order[place]];
        }
    }

    private void DrawOrder(long epoch)
    {
        for (int i = 0; i < order.Length; i++) order[i] = i;
        random!.Derive($"epoch={epoch}").Shuffle<int>(order);
        orderEpoch = epoch;
    }
}

/// <summary>An endless stream whose n-th example is computed from n.</summary>
public sealed class GeneratedSource(Func<long, TrainingExample> generate) : IExampleSource
{
    public long? Count => null;

    public TrainingExample Get(long index) => generate(index);
}
