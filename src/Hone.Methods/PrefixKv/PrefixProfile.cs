using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Inference.Caches;
using Hone.Models.Config;

namespace Hone.Methods.PrefixKv;

/// <summary>One budget of a profile.</summary>
/// <param name="Keep">Share of slots kept over all layers.</param>
/// <param name="Forget">[L] share of slots each layer forgets.</param>
public sealed record PrefixBudget(double Keep, double[] Forget);

/// <summary>
/// Divisions of a cache over layers, estimated once from a few texts and used for all others: they are stable over inputs. A JSON
/// file; the released tables (an array of L shares to forget) are read too.
/// </summary>
/// <param name="Budgets">By rising <see cref="PrefixBudget.Keep"/>.</param>
/// <param name="Gini">[L] mean Gini coefficient of the layers' importance; empty when not known.</param>
/// <param name="Samples">Texts it was estimated from; 0 when not known.</param>
/// <param name="Model">Sizes of the model, see <see cref="ShapeOf"/>; empty when not known.</param>
public sealed record PrefixProfile(IReadOnlyList<PrefixBudget> Budgets, double[] Gini, int Samples, string Model = "")
{
    private const string Format = "hone-prefix-profile";
    private const long MostBytes = 16 << 20;

    /// <summary>L.</summary>
    public int Layers => Budgets[0].Forget.Length;

    /// <summary>What tells models of different sizes apart.</summary>
    public static string ShapeOf(ModelConfig config) => $"{config.Architecture}, {config.Layers} layers, {config.Heads} heads, {config.KvHeads} key heads of {config.HeadSize}, {config.VocabularySize} tokens";

    /// <summary>Refuses another model than the one the profile was made for.</summary>
    /// <exception cref="HoneException">Another model.</exception>
    public void Check(ModelConfig config)
    {
        if (Model.Length > 0 && Model != ShapeOf(config)) throw new HoneException($"the profile was made for another model ({Model}); this one is {ShapeOf(config)}. Make one with 'hone kv profile'.");
    }

    /// <summary>[L] slots each layer keeps of a prompt; they sum to the budget.</summary>
    /// <param name="layers">L of the model.</param>
    /// <param name="tokens">N.</param>
    /// <param name="keep">Share kept over all layers; between two budgets of the profile the shares are interpolated.</param>
    /// <param name="leastKept">Slots every layer keeps at least.</param>
    /// <exception cref="HoneException">The profile is of another number of layers.</exception>
    public int[] Kept(int layers, int tokens, double keep, int leastKept)
    {
        if (layers != Layers) throw new HoneException($"the profile is for a model of {Layers} layers, this one has {layers}. Make one with 'hone kv profile'.");
        double[] shares = Shares(keep);
        double wanted = keep * tokens * layers, sum = shares.Sum() * tokens;
        double[] exact = [.. shares.Select(share => Math.Clamp(share * tokens * wanted / sum, Math.Min(leastKept, tokens), tokens))];
        // What clamping took or gave is taken from the layers that still can.
        for (int round = 0; round < 50 && Math.Abs(exact.Sum() - wanted) > 1e-6; round++)
        {
            double missing = wanted - exact.Sum();
            int[] free = [.. Enumerable.Range(0, layers).Where(l => missing > 0 ? exact[l] < tokens : exact[l] > leastKept)];
            if (free.Length == 0) break;
            foreach (int l in free) exact[l] = Math.Clamp(exact[l] + missing / free.Length, Math.Min(leastKept, tokens), tokens);
        }
        return LargestRemainder.Round(exact, (int)Math.Round(exact.Sum()));
    }

    /// <summary>Writes the profile.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, ToJson().ToJsonString(Jsonl.Indented) + "\n");

    /// <summary>Reads a profile or a released table.</summary>
    /// <exception cref="HoneException">No such file, or something else.</exception>
    public static PrefixProfile Load(string path)
    {
        if (!File.Exists(path)) throw new HoneException($"{path}: no such file. Make a profile with 'hone kv profile'.");
        JsonNode? json = JsonFile.Read(path, MostBytes);
        try
        {
            return FromJson(json, path);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or OverflowException)
        {
            throw new HoneException($"{path}: not a profile ({error.Message.Split('\n')[0]}). Make one with 'hone kv profile'.", error);
        }
    }

    /// <summary>The profile as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["format"] = Format,
        ["samples"] = Samples,
        ["model"] = Model,
        ["gini"] = Numbers(Gini),
        ["budgets"] = new JsonArray([.. Budgets.Select(budget => new JsonObject { ["keep"] = budget.Keep, ["forget"] = Numbers(budget.Forget) })]),
    };

    private static PrefixProfile FromJson(JsonNode? json, string path)
    {
        if (json is JsonArray table) return new([Checked(new(1 - Read(table).DefaultIfEmpty(0).Average(), Read(table)), path, table.Count)], [], 0);
        if (json is not JsonObject map || (string?)map["format"] != Format || map["budgets"] is not JsonArray budgets || budgets.Count == 0)
            throw new HoneException($"{path}: not a profile: expected an object with format '{Format}' and budgets, or an array of shares. Make one with 'hone kv profile'.");
        PrefixBudget[] read = [.. budgets.Select(b => new PrefixBudget((double)b!["keep"]!, Read(b["forget"]!.AsArray()))).OrderBy(b => b.Keep)];
        foreach (PrefixBudget budget in read) Checked(budget, path, read[0].Forget.Length);
        return new(read, map["gini"] is JsonArray gini ? Read(gini) : [], (int)(map["samples"] ?? 0), (string?)map["model"] ?? "");
    }

    private static PrefixBudget Checked(PrefixBudget budget, string path, int layers)
    {
        if (layers == 0 || budget.Forget.Length != layers) throw new HoneException($"{path}: {budget.Forget.Length} layers for keep {budget.Keep}, expected {layers} and at least 1.");
        if (Array.FindIndex(budget.Forget, f => !(f >= 0 && f <= 1)) is >= 0 and int bad)
            throw new HoneException($"{path}: layer {bad} forgets {budget.Forget[bad]}; expected a share from 0 to 1.");
        return budget;
    }

    private double[] Shares(double keep)
    {
        PrefixBudget above = Budgets.FirstOrDefault(b => b.Keep >= keep) ?? Budgets[^1], below = Budgets.LastOrDefault(b => b.Keep <= keep) ?? Budgets[0];
        double t = above.Keep > below.Keep ? (keep - below.Keep) / (above.Keep - below.Keep) : 0;
        return [.. below.Forget.Zip(above.Forget, (b, a) => Math.Max(1e-9, 1 - (b + t * (a - b))))];
    }

    private static double[] Read(JsonArray array) => [.. array.Select(x => (double)x!)];

    private static JsonArray Numbers(double[] values) => new([.. values.Select(v => (JsonNode)Math.Round(v, 9))]);
}
