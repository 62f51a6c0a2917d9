using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hone.Core;

namespace Hone.Training.Adapters;

/// <summary>
/// Settings of a LoRA adapter in the words of PEFT's <c>adapter_config.json</c>, which it reads and writes. Hu et al., "LoRA:
/// Low-Rank Adaptation of Large Language Models", arXiv:2106.09685.
/// </summary>
public sealed record LoraConfig
{
    /// <summary>A uniform, B zero.</summary>
    public const string DefaultInit = "default";

    /// <summary>The principal part of the weights: see <see cref="LoraModel.Attach"/>.</summary>
    public const string PissaInit = "pissa";

    /// <summary>Rank, ≥ 1.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Numerator of the scaling; twice the rank is usual.</summary>
    public double Alpha { get; init; } = 16;

    /// <summary>Ends of module names, or full names. Null with a null <see cref="TargetPattern"/>: every linear layer but the head.</summary>
    public IReadOnlyList<string>? Targets { get; init; }

    /// <summary>One regular expression for the whole module name, instead of <see cref="Targets"/>.</summary>
    public string? TargetPattern { get; init; }

    /// <summary>Ends of module names that are left out.</summary>
    public IReadOnlyList<string> Excluded { get; init; } = [];

    /// <summary>Scaling alpha / sqrt(r) instead of alpha / r: Kalajdzievski, arXiv:2312.03732.</summary>
    public bool RankStabilised { get; init; }

    /// <summary>Weight-decomposed adaptation: Liu et al., "DoRA", arXiv:2402.09353.</summary>
    public bool Dora { get; init; }

    /// <summary>none, lora_only (biases of adapted layers are trained) or all.</summary>
    public string Bias { get; init; } = "none";

    /// <summary>Modules trained and stored whole; matched by the end of the name without a dot boundary, as PEFT does.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>Rank of modules whose name ends in a key (a regular expression).</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Alpha of modules whose name ends in a key (a regular expression).</summary>
    public IReadOnlyDictionary<string, double> AlphaPattern { get; init; } = new Dictionary<string, double>();

    /// <summary>Where a fresh adapter starts: <see cref="DefaultInit"/> or <see cref="PissaInit"/>.</summary>
    public string Init { get; init; } = DefaultInit;

    /// <summary>Numbers of the layers whose named targets are adapted; empty for all.</summary>
    public IReadOnlyList<int> Layers { get; init; } = [];

    /// <summary>Name of the list of layers in module names, such as <c>layers</c>; null for any.</summary>
    public string? LayersPattern { get; init; }

    /// <summary>Where the base model came from; written, not used.</summary>
    public string BaseModel { get; init; } = "";

    /// <summary>Whether the module of that full name is adapted.</summary>
    /// <param name="module">Full module name, e.g. <c>model.layers.0.self_attn.q_proj</c>.</param>
    /// <param name="isHead">Whether it is the output head, which "every linear layer" leaves out.</param>
    public bool Adapts(string module, bool isHead)
    {
        if (Excluded.Any(e => ModuleNames.EndsWith(module, e))) return false;
        if (TargetPattern is not null) return ModuleNames.Matches(module, TargetPattern);
        if (Targets is null) return !isHead;
        return Targets.Any(t => ModuleNames.EndsWith(module, t)) && (Layers.Count == 0 || IsInLayers(module));
    }

    /// <summary>Whether targets are named, rather than "every linear layer".</summary>
    internal bool Names => Targets is not null || TargetPattern is not null;

    /// <summary>Rank of a module.</summary>
    public int RankOf(string module) => ModuleNames.Lookup(RankPattern, module, Rank);

    /// <summary>Scaling of a module's product.</summary>
    public double ScalingOf(string module)
    {
        double alpha = ModuleNames.Lookup(AlphaPattern, module, Alpha);
        int rank = RankOf(module);
        return RankStabilised ? alpha / Math.Sqrt(rank) : alpha / rank;
    }

    /// <summary>Reads an adapter_config.json.</summary>
    /// <exception cref="HoneException">Not readable, another kind of adapter, or a feature that is not supported.</exception>
    public static LoraConfig Load(string path)
    {
        JsonObject json = ModelAdapter.ReadConfig(path);
        try
        {
            return FromJson(json, path);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or ArgumentNullException)
        {
            throw new HoneException($"{path}: not an adapter configuration ({error.Message})", error);
        }
    }

    /// <summary>The JSON PEFT reads.</summary>
    /// <param name="modules">Full names of the adapted modules, written where no targets were named.</param>
    public JsonObject ToJson(IEnumerable<string> modules) => new()
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "CAUSAL_LM",
        ["base_model_name_or_path"] = BaseModel,
        ["r"] = Rank,
        ["lora_alpha"] = Alpha,
        ["lora_dropout"] = 0.0,
        ["target_modules"] = TargetPattern is not null ? TargetPattern : ArrayOf(Targets ?? [.. modules]),
        ["exclude_modules"] = Excluded.Count == 0 ? null : ArrayOf(Excluded),
        ["layers_to_transform"] = Layers.Count == 0 ? null : new JsonArray([.. Layers.Select(l => (JsonNode)l)]),
        ["layers_pattern"] = LayersPattern,
        ["use_rslora"] = RankStabilised,
        ["use_dora"] = Dora,
        ["bias"] = Bias,
        ["modules_to_save"] = ModulesToSave.Count == 0 ? null : ArrayOf(ModulesToSave),
        ["rank_pattern"] = new JsonObject(RankPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        ["alpha_pattern"] = new JsonObject(AlphaPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
        ["fan_in_fan_out"] = false,
        ["init_lora_weights"] = true,
        ["inference_mode"] = true,
    };

    private bool IsInLayers(string module)
    {
        Match match = Regex.Match(module, $@"\.{(LayersPattern is null ? "[^.]*" : Regex.Escape(LayersPattern))}\.(\d+)\.");
        return match.Success && int.TryParse(match.Groups[1].Value, out int layer) && Layers.Contains(layer);
    }

    private static JsonArray ArrayOf(IEnumerable<string> names) => new([.. names.Select(n => (JsonNode)n)]);

    private static LoraConfig FromJson(JsonObject json, string path)
    {
        string kind = (string?)json["peft_type"] ?? "";
        if (kind != "LORA") throw new HoneException($"{path}: adapter type '{kind}' is not supported; LORA is (with DoRA and rsLoRA).");
        foreach (string feature in (string[])["layer_replication", "target_parameters", "trainable_token_indices", "alora_invocation_tokens"])
            if (json[feature] is not null) throw new HoneException($"{path}: '{feature}' is not supported.");
        foreach (string feature in (string[])["lora_bias", "use_qalora", "use_bdlora"])
            if ((bool?)json[feature] == true) throw new HoneException($"{path}: '{feature}' is not supported.");
        return new LoraConfig
        {
            Rank = Whole(json, "r"),
            Alpha = json["lora_alpha"]?.GetValue<double>() ?? throw new FormatException("lora_alpha is missing"),
            Targets = json["target_modules"] is JsonArray targets ? Texts(targets) : null,
            TargetPattern = json["target_modules"] is JsonValue pattern && (string)pattern! != "all-linear" ? (string)pattern! : null,
            Excluded = json["exclude_modules"] is JsonArray excluded ? Texts(excluded) : [],
            Layers = json["layers_to_transform"] switch { JsonArray layers => [.. layers.Select(l => (int)Given(l))], JsonValue layer => [(int)layer], _ => [] },
            LayersPattern = json["layers_pattern"] switch { JsonArray { Count: 1 } patterns => (string)Given(patterns[0])!, JsonValue name => (string)name!, _ => null },
            RankStabilised = (bool?)json["use_rslora"] ?? false,
            Dora = (bool?)json["use_dora"] ?? false,
            Bias = (string?)json["bias"] ?? "none",
            ModulesToSave = json["modules_to_save"] is JsonArray saved ? Texts(saved) : [],
            RankPattern = (json["rank_pattern"] as JsonObject)?.ToDictionary(p => p.Key, p => (int)Given(p.Value)) ?? [],
            AlphaPattern = (json["alpha_pattern"] as JsonObject)?.ToDictionary(p => p.Key, p => Given(p.Value).GetValue<double>()) ?? [],
            BaseModel = (string?)json["base_model_name_or_path"] ?? "",
        };
    }

    private static int Whole(JsonObject json, string name) =>
        (int?)json[name] is { } value and > 0 ? value : throw new FormatException($"{name} must be a positive whole number");

    private static string[] Texts(JsonArray array) => [.. array.Select(n => (string)Given(n)!)];

    private static JsonNode Given(JsonNode? node) => node ?? throw new FormatException("null where a value is needed");
}
