using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Models.Config;
using Hone.Models.Decoder;

namespace Hone.Cli.Bench;

/// <summary>Sizes written as <c>layers=30,dim=576,...</c>.</summary>
internal static class BenchShape
{
    /// <summary>The shape of SmolLM2-135M.</summary>
    public const string Default = "layers=30,dim=576,heads=9,kv=3,ff=1536,vocab=49152";

    /// <summary>The small shape of training benchmarks, about a million weights.</summary>
    public const string Small = "layers=4,dim=128,heads=4,kv=4,ff=512,vocab=96";

    /// <summary>Numbers by name.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="defaults">Every name that may occur, with its value where it is left out; 0 for those that must be given.</param>
    /// <exception cref="HoneException">An unknown name, something that is not a positive number, a missing one.</exception>
    public static Dictionary<string, int> Parse(string text, IReadOnlyDictionary<string, int> defaults)
    {
        Dictionary<string, int> sizes = new(defaults, StringComparer.Ordinal);
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
            if (!sizes.ContainsKey(pair[0])) throw new HoneException($"--shape: {HoneException.Unknown("size", pair[0], defaults.Keys).Message}");
            if (pair.Length < 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out int size) || size is < 1 or > 1 << 24)
                throw new HoneException($"--shape: '{part}' is not a size. Expected {pair[0]}=N with N from 1 to {1 << 24}.");
            sizes[pair[0]] = size;
        }
        string[] missing = [.. sizes.Where(entry => entry.Value == 0).Select(entry => entry.Key)];
        return missing.Length == 0 ? sizes : throw new HoneException($"--shape: {string.Join(", ", missing)} missing. Expected something like {Default}.");
    }

    /// <summary>A random decoder of that shape.</summary>
    /// <param name="text">layers, dim, heads, kv (as heads where left out), ff, vocab; head (dim / heads), context (8192).</param>
    /// <exception cref="HoneException">As for <see cref="Parse"/>, and sizes that do not divide as they must.</exception>
    public static LanguageModel Model(string text)
    {
        Dictionary<string, int> sizes = Parse(text, new Dictionary<string, int>
        {
            ["layers"] = 0,
            ["dim"] = 0,
            ["heads"] = 0,
            ["kv"] = -1,
            ["ff"] = 0,
            ["vocab"] = 0,
            ["head"] = -1,
            ["context"] = 8192,
        });
        JsonObject json = new()
        {
            ["model_type"] = "llama",
            ["vocab_size"] = sizes["vocab"],
            ["hidden_size"] = sizes["dim"],
            ["intermediate_size"] = sizes["ff"],
            ["num_hidden_layers"] = sizes["layers"],
            ["num_attention_heads"] = sizes["heads"],
            ["num_key_value_heads"] = sizes["kv"] < 0 ? sizes["heads"] : sizes["kv"],
            ["max_position_embeddings"] = sizes["context"],
            ["tie_word_embeddings"] = false,
            ["eos_token_id"] = 0,
        };
        if (sizes["head"] > 0) json["head_dim"] = sizes["head"];
        LanguageModel model = new(ModelConfig.FromJson(json, "--shape"));
        ModelInit.Randomise(model, new RandomStream(1, "bench"));
        return model;
    }
}
