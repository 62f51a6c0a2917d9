namespace Hone.Training.Objectives;

/// <summary>Weighted means over the micro-batches of a step, by name. Names are those TRL's users plot.</summary>
public sealed class MetricSums
{
    private readonly SortedDictionary<string, (double Sum, double Weight)> values = new(StringComparer.Ordinal);
    private readonly HashSet<string> counts = new(StringComparer.Ordinal);

    /// <summary>Adds a value with a weight (say, the mean over n pairs with weight n).</summary>
    public void Add(string name, double value, double weight = 1)
    {
        (double sum, double total) = values.GetValueOrDefault(name);
        values[name] = (sum + value * weight, total + weight);
    }

    /// <summary>Adds to a total, which is reported as it is.</summary>
    public void Count(string name, double amount)
    {
        values[name] = (values.GetValueOrDefault(name).Sum + amount, 1);
        counts.Add(name);
    }

    /// <summary>Adds what another one collected; <paramref name="other"/> is empty afterwards.</summary>
    public void Take(MetricSums other)
    {
        foreach ((string name, (double sum, double weight)) in other.values)
        {
            (double before, double total) = values.GetValueOrDefault(name);
            values[name] = other.counts.Contains(name) ? (before + sum, 1) : (before + sum, total + weight);
            if (other.counts.Contains(name)) counts.Add(name);
        }
        other.Clear();
    }

    /// <summary>The mean of each metric, in order of names.</summary>
    public IEnumerable<KeyValuePair<string, double>> Means =>
        values.Where(v => v.Value.Weight != 0).Select(v => KeyValuePair.Create(v.Key, v.Value.Sum / v.Value.Weight));

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        values.Clear();
        counts.Clear();
    }
}
