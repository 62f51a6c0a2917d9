namespace Hone.Training.Batching;

/// <summary>One tokenised sequence with a loss weight for every token.</summary>
/// <param name="Ids">[tokens] token ids.</param>
/// <param name="Weights">[tokens] weight of the loss of predicting this token from those before it; 0 = not a target. The first is never a target.</param>
public sealed record TrainingSequence(int[] Ids, float[] Weights)
{
    /// <summary>[tokens] log-probability of each target under a reference policy; null where none was asked.</summary>
    public float[]? Reference { get; init; }

    /// <summary>All tokens after the first are targets.</summary>
    public static TrainingSequence Whole(int[] ids) => FromPrompt(ids, 1);

    /// <summary>Only tokens after the first <paramref name="promptTokens"/> are targets.</summary>
    public static TrainingSequence FromPrompt(int[] ids, int promptTokens)
    {
        float[] weights = new float[ids.Length];
        Array.Fill(weights, 1f, Math.Min(Math.Max(1, promptTokens), ids.Length), Math.Max(0, ids.Length - Math.Max(1, promptTokens)));
        return new(ids, weights);
    }

    /// <summary>Number of targets.</summary>
    public int Targets => Weights.Count(w => w != 0);
}

/// <summary>
/// What one row of data becomes: one sequence for supervised training, two for a preference pair (chosen first), with
/// numbers that objectives ask for by name (reward, reference log-probability, margin ...).
/// </summary>
public sealed record TrainingExample(IReadOnlyList<TrainingSequence> Sequences, IReadOnlyDictionary<string, double>? Columns = null)
{
    public TrainingExample(TrainingSequence sequence) : this([sequence]) { }

    /// <summary>Tokens of all sequences.</summary>
    public int Tokens => Sequences.Sum(s => s.Ids.Length);
}

/// <summary>
/// Where examples come from. <see cref="Get"/> is a pure function of the index, so a run resumes by writing down how far it
/// got, and preparing ahead on another thread changes nothing.
/// </summary>
public interface IExampleSource
{
    /// <summary>Examples in one pass over the data, or null for an endless stream.</summary>
    long? Count { get; }

    /// <summary>The <paramref name="index"/>-th example of the run, counted over all passes. Thread-safe.</summary>
    TrainingExample Get(long index);
}
