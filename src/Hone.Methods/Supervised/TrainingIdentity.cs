using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Decoder;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Supervised;

/// <summary>
/// What a training run's folder was made from, in <c>inputs.json</c>: the weights' hash, the objective, every option that changes the
/// result, the seed, the rows. A run is continued only by the same run.
/// </summary>
internal static class TrainingIdentity
{
    private const string FileName = "inputs.json";

    /// <summary>Options that change what is written, not what is learnt.</summary>
    private static readonly string[] WithoutEffect = ["CheckpointEvery", "LogEvery", "MaxLoss", "MaxKl", "ReferenceCache"];

    private static readonly JsonSerializerOptions Names = new() { Converters = { new System.Text.Json.Serialization.JsonStringEnumConverter() } };

    /// <summary>Writes the identity into a new folder, or compares it with that of the run that made it.</summary>
    /// <exception cref="HoneException">The folder holds another run; names what differs.</exception>
    public static void Check(LanguageModel model, IObjective objective, TrainerOptions options, JsonObject inputs, RunContext run)
    {
        if (run.Folder.Length == 0) return;
        JsonObject identity = new()
        {
            ["model_sha256"] = ReferenceLogProbs.HashOf(model),
            ["objective"] = objective.Name,
            ["seed"] = run.Seed,
            ["options"] = OptionsOf(options),
        };
        foreach ((string name, JsonNode? value) in inputs) identity[name] = value?.DeepClone();
        RunIdentity.Check(run.PathOf(FileName), identity);
    }

    /// <summary>The options as JSON, without those that change nothing.</summary>
    public static JsonObject OptionsOf(TrainerOptions options)
    {
        JsonObject json = JsonSerializer.SerializeToNode(options, options.GetType(), Names)!.AsObject();
        Strip(json);
        return json;
    }

    private static void Strip(JsonObject json)
    {
        foreach (string name in WithoutEffect) json.Remove(name);
        foreach (JsonObject inner in json.Select(p => p.Value).OfType<JsonObject>()) Strip(inner);
    }
}
