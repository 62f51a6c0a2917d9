using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Methods.EliteKv;

/// <summary>How chunks are chosen.</summary>
public enum ChunkChoice
{
    /// <summary>Greedy search (RoPElite).</summary>
    Elite,

    /// <summary>Evenly spaced indices, the same in all heads.</summary>
    Uniform,

    /// <summary>By the mean of their rotated products.</summary>
    Contribution,

    /// <summary>At random.</summary>
    Random,

    /// <summary>The fastest rotations first.</summary>
    Highest,

    /// <summary>The slowest rotations first.</summary>
    Lowest,
}

/// <summary>The order of the chunks of every key head.</summary>
/// <param name="Choice">How they were chosen.</param>
/// <param name="Orders">[L][K] best chunk first.</param>
/// <param name="Pairs">Pairs of queries and keys each head was judged on; 0 where none were needed.</param>
public sealed record ChunkRanking(ChunkChoice Choice, ChunkOrder[][] Orders, int Pairs)
{
    /// <summary>[L][K][r] the chunks that rotate, ascending.</summary>
    /// <exception cref="HoneException">More chunks than heads have.</exception>
    public int[][][] Elite(int chunks) => chunks < 0 || Orders.SelectMany(layer => layer).Any(head => chunks > head.Order.Length)
        ? throw new HoneException($"{chunks} chunks cannot rotate: the heads of this ranking have {Orders.SelectMany(layer => layer).Min(head => head.Order.Length)}.") : [.. Orders.Select(layer => layer.Select(head => Take(head.Order, chunks)).ToArray())];

    /// <summary>Writes the ranking as JSON.</summary>
    public void Save(string path)
    {
        JsonArray layers = new([.. Orders.Select(layer => (JsonNode)new JsonArray([.. layer.Select(head => (JsonNode)new JsonObject
        {
            ["order"] = new JsonArray([.. head.Order.Select(i => (JsonNode)i)]),
            ["distance"] = new JsonArray([.. head.Distances.Select(d => (JsonNode)d)]),
        })]))]);
        JsonObject json = new() { ["choice"] = Choice.ToString().ToLowerInvariant(), ["pairs"] = Pairs, ["layers"] = layers };
        AtomicFile.WriteText(path, json.ToJsonString() + "\n");
    }

    /// <summary>Reads a ranking.</summary>
    /// <exception cref="HoneException">The file is missing, or no ranking.</exception>
    public static ChunkRanking Load(string path)
    {
        JsonNode json;
        try
        {
            json = JsonNode.Parse(File.ReadAllText(path)) ?? throw new FormatException();
            ChunkOrder[][] orders = [.. json["layers"]!.AsArray().Select(layer => layer!.AsArray().Select(head => new ChunkOrder(
                [.. head!["order"]!.AsArray().Select(i => (int)i!)], [.. head["distance"]!.AsArray().Select(d => (double)d!)])).ToArray())];
            ChunkRanking ranking = new(Enum.Parse<ChunkChoice>((string)json["choice"]!, ignoreCase: true), orders, (int)json["pairs"]!);
            if (orders.SelectMany(layer => layer).Any(head => head.Distances.Length != head.Order.Length || !head.Order.Order().SequenceEqual(Enumerable.Range(0, head.Order.Length)))) throw new FormatException();
            return ranking;
        }
        catch (IOException error)
        {
            throw new HoneException($"{path}: cannot be read: {error.Message}", error);
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or FormatException or InvalidOperationException or NullReferenceException or ArgumentException)
        {
            throw new HoneException($"{path}: not a ranking of rotary chunks. Make one with 'hone kv elite rank'.", error);
        }
    }

    /// <summary>[chunks] indices of an even grid from 0 to the last, rounded down.</summary>
    public static int[] Grid(int chunks, int all) =>
        [.. Enumerable.Range(0, chunks).Select(i => chunks == 1 ? 0 : (int)((double)i * (all - 1) / (chunks - 1)))];

    private int[] Take(int[] order, int chunks)
    {
        // An even grid over all chunks cannot be the beginning of one order, so it is laid anew for every size.
        int[] taken = Choice == ChunkChoice.Uniform ? Grid(chunks, order.Length) : order[..chunks];
        Array.Sort(taken);
        return taken;
    }
}
