using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Methods.Scir;

/// <summary>The rewards on held-out pairs at the start of an iteration, and after the last one.</summary>
/// <param name="Iteration">Iterations finished before.</param>
/// <param name="Pairs">Held-out pairs.</param>
/// <param name="Accuracies">Share of pairs on which each reward is right, by name.</param>
/// <param name="Agreement">Share of pairs on which all rewards take the same side.</param>
/// <param name="SwapInconsistency">Mean |g(a,b) + g(b,a) − 1| of the judge.</param>
/// <param name="Histograms">Ten equal bins of each reward's probability over the held-out pairs, by name.</param>
public sealed record ScirAudit(
    int Iteration, int Pairs, IReadOnlyDictionary<string, double> Accuracies, double Agreement, double SwapInconsistency, IReadOnlyDictionary<string, int[]> Histograms)
{
    private const int Bins = 10;

    /// <summary>From scores of pairs whose better answer is known.</summary>
    public static ScirAudit Of(int iteration, IReadOnlyList<IInternalReward> rewards, IReadOnlyList<ScirPair> pairs, ScirScores scores) => new(
        iteration, pairs.Count, rewards.Select((r, i) => (r.Name, scores.Accuracy(i, pairs))).ToDictionary(),
        Enumerable.Range(0, pairs.Count).Average(i => scores.Preferences.All(p => p[i] > 0.5) || scores.Preferences.All(p => p[i] < 0.5) ? 1.0 : 0),
        scores.SwapInconsistency.Average(), rewards.Select((r, i) => (r.Name, Histogram(scores.Preferences[i]))).ToDictionary());

    /// <summary>The rewards whose accuracy fell by more than <paramref name="drop"/> since an earlier audit, with both figures.</summary>
    public IEnumerable<string> FallsFrom(ScirAudit earlier, double drop)
    {
        foreach ((string name, double now) in Accuracies)
            if (earlier.Accuracies.TryGetValue(name, out double before) && before - now > drop)
                yield return $"{name} from {before:P1} to {now:P1}";
    }

    /// <summary>As audit.json.</summary>
    public JsonObject ToJson() => new()
    {
        ["iteration"] = Iteration,
        ["pairs"] = Pairs,
        ["accuracy"] = new JsonObject(Accuracies.Select(a => KeyValuePair.Create(a.Key, (JsonNode?)JsonValue.Create(a.Value)))),
        ["agreement"] = Agreement,
        ["swap_inconsistency"] = SwapInconsistency,
        ["histograms"] = new JsonObject(Histograms.Select(h => KeyValuePair.Create(h.Key, (JsonNode?)new JsonArray([.. h.Value.Select(c => (JsonNode)c)])))),
    };

    /// <summary>Reads audit.json.</summary>
    public static ScirAudit FromJson(JsonObject json) => new(
        (int)json["iteration"]!, (int)json["pairs"]!, json["accuracy"]!.AsObject().ToDictionary(a => a.Key, a => (double)a.Value!),
        (double)json["agreement"]!, (double)json["swap_inconsistency"]!,
        json["histograms"]!.AsObject().ToDictionary(h => h.Key, h => h.Value!.AsArray().Select(c => (int)c!).ToArray()));

    private static int[] Histogram(double[] p)
    {
        int[] counts = new int[Bins];
        foreach (double x in p) counts[Math.Clamp((int)(x * Bins), 0, Bins - 1)]++;
        return counts;
    }
}
