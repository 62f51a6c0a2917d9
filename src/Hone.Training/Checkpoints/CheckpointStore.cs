using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Training.Batching;
using Hone.Training.Optimizers;

namespace Hone.Training.Checkpoints;

/// <summary>
/// A training run's folder: <c>metrics.jsonl</c> and <c>checkpoints/step-00000200/</c> with the trained weights, the
/// optimiser's state and the step. A checkpoint is built under another name and renamed, so whatever moment the process dies
/// at, the newest folder is whole. Examples are functions of their number and rates of the step, so nothing else is needed to
/// continue to the same bits; a source whose examples depend on earlier weights (<see cref="IStatefulSource"/>) adds what it needs.
/// </summary>
internal sealed class CheckpointStore : IDisposable
{
    private const string Weights = "weights.safetensors", Optimizer = "optimizer.safetensors", StateFile = "state.json";
    private readonly string folder;
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly IOptimizer optimizer;
    private readonly string settings;
    private readonly JsonlLog log;
    private readonly string logPath;

    /// <param name="runFolder">The run's folder.</param>
    /// <param name="parameters">Trained parameters.</param>
    /// <param name="optimizer">Their optimiser.</param>
    /// <param name="options">Settings; a checkpoint made under others is refused.</param>
    public CheckpointStore(string runFolder, IReadOnlyList<Parameter> parameters, IOptimizer optimizer, TrainOptions options)
    {
        (this.parameters, this.optimizer) = (parameters, optimizer);
        folder = Path.Combine(runFolder, "checkpoints");
        settings = JsonSerializer.Serialize(options with { LogEvery = 0, CheckpointEvery = 0, MaxLoss = 0, MaxKl = 0 });
        logPath = Path.Combine(runFolder, "metrics.jsonl");
        log = new JsonlLog(logPath);
    }

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void Log(StepResult result, double tokensPerSecond)
    {
        JsonObject row = new()
        {
            ["step"] = result.Step,
            ["loss"] = Finite(result.Loss),
            ["grad_norm"] = Finite(result.GradNorm),
            ["learning_rate"] = result.LearningRate,
            ["weight"] = result.Weight,
            ["tokens"] = result.Tokens,
            ["tokens_per_second"] = Math.Round(tokensPerSecond, 1),
        };
        if (result.Skipped) row["skipped"] = true;
        foreach ((string name, double value) in result.Metrics) row[name] = Finite(value);
        log.Append(row);
    }

    /// <summary>What the log says of finished steps; metrics that are no numbers are left out.</summary>
    public IEnumerable<StepResult> Logged() => Jsonl.Read(logPath).Select(r => new StepResult(
        (int)r.Fields["step"]!, Number(r.Fields["loss"]), Number(r.Fields["grad_norm"]), Number(r.Fields["learning_rate"]), Number(r.Fields["weight"]), (long)r.Fields["tokens"]!,
        [.. r.Fields.Where(f => f.Value?.GetValueKind() == JsonValueKind.Number).Select(f => KeyValuePair.Create(f.Key, (double)f.Value!))], r.Has("skipped")));

    /// <summary>Writes a checkpoint and removes all but the one before it.</summary>
    public void Save(int step, IExampleSource source)
    {
        AtomicFile.WriteFolder(FolderOf(step), temporary =>
        {
            SafetensorsWriter.Save(Path.Combine(temporary, Weights), parameters.Select(p => p.Value.ToWeightSource(p.Name)));
            SafetensorsWriter.Save(Path.Combine(temporary, Optimizer), optimizer.State.Select(s => s.Value.ToWeightSource(s.Name)));
            JsonObject state = new()
            {
                ["step"] = step,
                ["settings"] = JsonNode.Parse(settings),
                ["optimizer_steps"] = new JsonArray([.. optimizer.StepCounts.ToArray().Select(c => (JsonNode)c)]),
            };
            (source as IStatefulSource)?.Save(temporary);
            AtomicFile.WriteText(Path.Combine(temporary, StateFile), state.ToJsonString(Jsonl.Indented));
        });
        foreach ((int old, string path) in Existing().SkipLast(2)) Directory.Delete(path, recursive: true);
    }

    /// <summary>Loads the newest checkpoint, if there is one, and returns the number of finished steps.</summary>
    /// <exception cref="HoneException">It belongs to other settings or another model.</exception>
    public int Resume(IExampleSource source, IReporter reporter)
    {
        foreach (string torn in Directory.Exists(folder) ? Directory.GetDirectories(folder, "*.tmp") : []) Directory.Delete(torn, recursive: true);
        if (Existing().LastOrDefault() is not { Path: not null } newest)
        {
            CutLog(0);
            return 0;
        }
        JsonObject state = JsonNode.Parse(File.ReadAllText(Path.Combine(newest.Path, StateFile)))!.AsObject();
        CheckSettings(state, newest.Path);
        Load(Path.Combine(newest.Path, Weights), parameters.Select(p => (p.Name, p.Value)));
        Load(Path.Combine(newest.Path, Optimizer), optimizer.State);
        state["optimizer_steps"]!.AsArray().Select(n => (long)n!).ToArray().CopyTo(optimizer.StepCounts);
        (source as IStatefulSource)?.Load(newest.Path);
        CutLog(newest.Step);
        reporter.Line($"continuing from step {newest.Step} ({newest.Path})");
        return newest.Step;
    }

    public void Dispose() => log.Dispose();

    private string FolderOf(int step) => Path.Combine(folder, $"step-{step:D8}");

    private IEnumerable<(int Step, string Path)> Existing() => Directory.Exists(folder)
        ? Directory.GetDirectories(folder, "step-*")
            .Where(path => int.TryParse(Path.GetFileName(path)[5..], out _))
            .Select(path => (int.Parse(Path.GetFileName(path)[5..]), path)).OrderBy(c => c.Item1)
        : [];

    private void CheckSettings(JsonObject state, string path)
    {
        JsonObject theirs = state["settings"]!.AsObject(), ours = JsonNode.Parse(settings)!.AsObject();
        string[] different = [.. ours.Where(o => !JsonNode.DeepEquals(o.Value, theirs[o.Key])).Select(o => $"{o.Key} {theirs[o.Key]} → {o.Value}")];
        if (different.Length > 0)
            throw new HoneException($"{path}: this run was started with other settings ({string.Join(", ", different)}). Use another --out, or delete the folder to start over.");
    }

    /// <summary>Lines of steps that will be done again are removed, so that the log has each step once.</summary>
    private void CutLog(int step)
    {
        List<JsonNode> kept = [.. Jsonl.Read(logPath).Where(r => (int)r.Fields["step"]! <= step).Select(r => (JsonNode)r.Fields)];
        log.Replace(kept);
    }

    private static void Load(string path, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        using SafetensorsFile file = new SafetensorsFile(path);
        foreach ((string name, Tensor value) in tensors) file.ReadTensor(path, name, value);
    }

    private static double Number(JsonNode? node) => node is null ? double.NaN : (double)node;

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? Math.Round(value, 9) : null;
}
