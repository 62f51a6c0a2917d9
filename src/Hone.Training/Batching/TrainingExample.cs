namespace Hone.Training.Batching;

/// <summary>One tokenised sequence with a loss weight for every token.</summary>
/// <param name="Ids">[tokens] token ids.</param>
/// <param name="Weights">[tokens] weight of the loss of predicting this token from those before it; 0 = not a target. The first is never a target.</param>
public sealed record TrainingSequence(int[] Ids, float[] Weights)
{
    /// <summary>[tokens] log-probability of each target under a reference policy; null where none was asked.</summary>
    public float[]? Reference { get; init; }

    /// <summary>Further numbers of each token by name, [tokens] each: advantages, returns, log-probabilities when it was sampled.</summary>
    public IReadOnlyDictionary<string, float[]>? TokenColumns { get; init; }

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

    /// <summary>[targets] places of the targets among the ids, in order.</summary>
    public int[] TargetPlaces() => [.. Enumerable.Range(0, Ids.Length).Where(i => Weights[i] != 0)];

    /// <summary>The sequence with one more number for every target.</summary>
    /// <param name="name">Name of the column.</param>
    /// <param name="values">[targets].</param>
    /// <exception cref="ArgumentException">Not one number for each target.</exception>
    public TrainingSequence WithTokenColumn(string name, IReadOnlyList<double> values)
    {
        int[] places = TargetPlaces();
        if (values.Count != places.Length) throw new ArgumentException($"{values.Count} numbers for {places.Length} targets");
        float[] column = new float[Ids.Length];
        for (int i = 0; i < places.Length; i++) column[places[i]] = (float)values[i];
        return this with { TokenColumns = new Dictionary<string, float[]>(TokenColumns ?? new Dictionary<string, float[]>()) { [name] = column } };
    }
}

/// <summary>
/// What one row of data becomes: one sequence for supervised training, two for a preference pair (chosen first), with
/// numbers that objectives ask for by name (reward, reference log-probability, margin ...).
/// </summary>
public sealed record TrainingExample(IReadOnlyList<TrainingSequence> Sequences, IReadOnlyDictionary<string, double>? Columns = null)
{
    public TrainingExample(TrainingSequence sequence) : this([sequence]) { }

    /// <summary>Numbers that the training loop logs as means over a step's examples, by name.</summary>
    public IReadOnlyDictionary<string, double>? Logged { get; init; }

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

/// <summary>
/// A source whose examples depend on more than their number: on the weights of an earlier step, from which they were sampled.
/// Checkpoints keep what it needs to give the same examples again.
/// </summary>
public interface IStatefulSource : IExampleSource
{
    /// <summary>Writes its state into a checkpoint's folder, between two steps.</summary>
    void Save(string folder);

    /// <summary>Takes up the state of a checkpoint's folder.</summary>
    /// <exception cref="Core.HoneException">The state is missing or cannot be read.</exception>
    void Load(string folder);
}
