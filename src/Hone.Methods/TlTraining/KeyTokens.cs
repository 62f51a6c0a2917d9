namespace Hone.Methods.TlTraining;

/// <summary>
/// PKT, prioritising key tokens: choosing a tool hinges on the first token of its name and on the first token where the name parts from that
/// of another tool.
/// </summary>
public static class KeyTokens
{
    /// <summary>
    /// Places of the key tokens, ascending: 0, and for every other tool that begins with the same tokens the first one that differs. A name
    /// that is wholly the beginning of another has no such token of its own.
    /// </summary>
    /// <param name="name">Tokens of the tool's name.</param>
    /// <param name="others">Tokens of the other tools' names.</param>
    public static int[] Positions<T>(IReadOnlyList<T> name, IEnumerable<IReadOnlyList<T>> others)
    {
        SortedSet<int> positions = [0];
        foreach (IReadOnlyList<T> other in others)
        {
            int common = 0;
            while (common < name.Count && common < other.Count && EqualityComparer<T>.Default.Equals(name[common], other[common])) common++;
            if (common > 0 && common < name.Count) positions.Add(common);
        }
        return [.. positions];
    }

    /// <summary>Weight of a key token: other tokens for each key token, between 1 and <paramref name="maxWeight"/>.</summary>
    /// <param name="keys">Key tokens.</param>
    /// <param name="others">Tokens that count as neither key nor end of a value.</param>
    /// <param name="maxWeight">Upper bound; 9 in the paper.</param>
    public static double Weight(int keys, int others, double maxWeight) =>
        keys == 0 || keys >= others ? 1 : Math.Clamp((double)others / keys, 1, maxWeight);

    /// <summary>The weight of every token of a call, [tokens]: not yet divided by their sum.</summary>
    /// <param name="tokens">Tokens of the call, end token included.</param>
    /// <param name="keys">Places of the key tokens.</param>
    /// <param name="endsOfValues">Places of tokens that close a quoted value; they are not counted.</param>
    /// <param name="maxWeight">Upper bound.</param>
    public static double[] Weights(int tokens, IReadOnlyCollection<int> keys, IReadOnlyCollection<int> endsOfValues, double maxWeight)
    {
        double[] weights = new double[tokens];
        Array.Fill(weights, 1);
        double weight = Weight(keys.Count, tokens - keys.Count - endsOfValues.Count, maxWeight);
        foreach (int key in keys) weights[key] = weight;
        return weights;
    }
}
