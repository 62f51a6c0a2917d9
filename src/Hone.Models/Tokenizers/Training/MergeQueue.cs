using System.Runtime.InteropServices;

namespace Hone.Models.Tokenizers.Training;

/// <summary>
/// Counts of pairs and the queue of pairs to merge. An entry whose count is out of date is put back with the present one
/// when it comes up, as in the reference, so each merge touches only the words that hold the pair.
/// </summary>
internal sealed class MergeQueue
{
    private readonly List<TrainingWord> words;
    private readonly Dictionary<(int Left, int Right), long> counts = [];
    private readonly PriorityQueue<Candidate, Candidate> queue = new(Comparer<Candidate>.Create(Compare));
    private readonly List<((int Left, int Right) Pair, int Change)> changes = [];

    /// <param name="Words">Indices of the words in which the pair came up.</param>
    internal readonly record struct Candidate((int Left, int Right) Pair, long Count, HashSet<int> Words);

    public MergeQueue(List<TrainingWord> words)
    {
        this.words = words;
        Dictionary<(int, int), HashSet<int>> places = [];
        for (int i = 0; i < words.Count; i++)
        {
            ReadOnlySpan<int> symbols = words[i].Symbols;
            for (int k = 0; k + 1 < symbols.Length; k++) Note((symbols[k], symbols[k + 1]), words[i].Count, i, places);
        }
        Enqueue(places);
    }

    /// <summary>The pair to merge next; false when none is left or the best is too rare.</summary>
    public bool TryTake(long minFrequency, out Candidate best)
    {
        while (queue.TryDequeue(out best, out _))
        {
            long count = counts[best.Pair];
            if (best.Count == count) return count >= 1 && count >= minFrequency;
            Candidate renewed = best with { Count = count };
            queue.Enqueue(renewed, renewed);
        }
        return false;
    }

    /// <summary>Merges a pair in its words, updates the counts and queues the pairs that came up.</summary>
    public void Apply(Candidate candidate, int merged, int maxLength)
    {
        Dictionary<(int, int), HashSet<int>> places = [];
        foreach (int index in candidate.Words)
        {
            changes.Clear();
            words[index].Merge(candidate.Pair.Left, candidate.Pair.Right, merged, maxLength, changes);
            foreach (((int, int) pair, int change) in changes)
            {
                if (change > 0) Note(pair, words[index].Count, index, places);
                else CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) -= words[index].Count;
            }
        }
        Enqueue(places);
    }

    private void Note((int, int) pair, long count, int word, Dictionary<(int, int), HashSet<int>> places)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(counts, pair, out _) += count;
        ref HashSet<int>? indices = ref CollectionsMarshal.GetValueRefOrAddDefault(places, pair, out _);
        (indices ??= []).Add(word);
    }

    private void Enqueue(Dictionary<(int, int), HashSet<int>> places)
    {
        foreach (((int, int) pair, HashSet<int> indices) in places)
        {
            if (counts[pair] <= 0) continue;
            Candidate candidate = new(pair, counts[pair], indices);
            queue.Enqueue(candidate, candidate);
        }
    }

    private static int Compare(Candidate a, Candidate b)
    {
        int byCount = b.Count.CompareTo(a.Count);
        return byCount != 0 ? byCount : a.Pair.CompareTo(b.Pair);
    }
}
