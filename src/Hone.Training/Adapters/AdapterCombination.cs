using Hone.Core;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors.Threads;

namespace Hone.Training.Adapters;

/// <summary>The two factors of one module: A [rank, inputs], B [outputs, rank].</summary>
internal sealed record LoraFactors(int Rank, int Outputs, int Inputs, double Scaling, float[] A, float[] B);

/// <summary>How several LoRA adapters become one, in PEFT's words (<c>add_weighted_adapter</c>).</summary>
public enum CombinationType
{
    /// <summary>A = Σ sign(w) √(|w| s) A_i, B = Σ √(|w| s) B_i: cross terms A_i B_j appear. Equal ranks.</summary>
    Linear,

    /// <summary>The exact weighted sum; ranks add up.</summary>
    Cat,

    /// <summary>The best approximation of the weighted sum of a given rank.</summary>
    Svd,

    /// <summary>Trim, elect signs, merge: Yadav et al., "TIES-Merging", arXiv:2306.01708, on each factor. Equal ranks.</summary>
    Ties,

    /// <summary>Like linear, with the smallest numbers of each factor set to zero. Equal ranks.</summary>
    MagnitudePrune,
}

/// <summary>Combines saved LoRA adapters.</summary>
public static class AdapterCombination
{
    /// <summary>Attaches the combination; its scaling is 1.</summary>
    /// <param name="model">Base model.</param>
    /// <param name="folders">Adapter folders, at least one, of the same modules.</param>
    /// <param name="weights">One per adapter; may be negative.</param>
    /// <param name="type">How.</param>
    /// <param name="density">Share of numbers kept, in (0, 1], by ties and magnitude_prune.</param>
    /// <param name="svdRank">Rank of svd; 0 for the largest rank of the parts.</param>
    /// <param name="workers">Threads.</param>
    /// <exception cref="HoneException">The adapters do not fit each other or the type.</exception>
    public static LoraModel Combine(
        LanguageModel model, IReadOnlyList<string> folders, IReadOnlyList<double> weights, CombinationType type,
        double density = 1, int svdRank = 0, WorkerPool? workers = null)
    {
        if (folders.Count == 0 || folders.Count != weights.Count) throw new HoneException($"{folders.Count} adapters and {weights.Count} weights: give one weight for each adapter.");
        List<Dictionary<string, LoraFactors>> parts = [.. folders.Select(Read)];
        string[] modules = [.. parts[0].Keys];
        for (int i = 1; i < parts.Count; i++)
            if (!parts[i].Keys.ToHashSet().SetEquals(modules)) throw new HoneException($"{folders[i]}: adapts other modules than {folders[0]}; only adapters of the same modules can be combined.");
        Dictionary<string, LoraFactors> combined = modules.ToDictionary(m => m, m => FactorCombination.Combine(type, [.. parts.Select(p => p[m])], weights, density, svdRank));
        int rank = combined.Values.Max(f => f.Rank);
        LoraConfig config = new()
        {
            Rank = rank,
            Alpha = rank,
            Targets = modules,
            RankPattern = combined.Where(c => c.Value.Rank != rank).ToDictionary(c => System.Text.RegularExpressions.Regex.Escape(c.Key), c => c.Value.Rank),
            AlphaPattern = combined.Where(c => c.Value.Rank != rank).ToDictionary(c => System.Text.RegularExpressions.Regex.Escape(c.Key), c => (double)c.Value.Rank),
        };
        return LoraModel.FromFactors(model, config, combined, workers);
    }

    private static Dictionary<string, LoraFactors> Read(string folder)
    {
        LoraConfig config = LoraConfig.Load(Path.Combine(folder, AdapterFile.ConfigName));
        if (config.Dora) throw new HoneException($"{folder}: DoRA adapters cannot be combined.");
        string path = Path.Combine(folder, AdapterFile.WeightsName);
        using SafetensorsFile file = AdapterFile.Open(path);
        const string Ending = ".lora_A.weight";
        Dictionary<string, LoraFactors> factors = [];
        foreach (WeightEntry a in file.Entries.Values.Where(e => e.Name.EndsWith(Ending, StringComparison.Ordinal)))
        {
            string stem = a.Name[..^Ending.Length], module = stem.StartsWith(AdapterFile.Prefix, StringComparison.Ordinal) ? stem[AdapterFile.Prefix.Length..] : stem;
            if (!file.Entries.TryGetValue($"{stem}.lora_B.weight", out WeightEntry? b) || a.Shape.Count != 2 || b.Shape.Count != 2 || a.Shape[0] != b.Shape[1])
                throw new HoneException($"{path}: '{a.Name}' has no matching lora_B.weight.");
            factors[module] = new((int)a.Shape[0], (int)b.Shape[0], (int)a.Shape[1], config.ScalingOf(module), Values(file, a), Values(file, b));
        }
        return factors.Count > 0 ? factors : throw new HoneException($"{path}: holds no LoRA factors.");
    }

    private static float[] Values(SafetensorsFile file, WeightEntry entry)
    {
        float[] values = new float[entry.Count];
        file.ReadRows(entry.Name, 0, entry.Rows, values);
        return values;
    }
}
