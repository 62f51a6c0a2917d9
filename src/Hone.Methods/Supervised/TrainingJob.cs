using System.ComponentModel;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Perturbation;

namespace Hone.Methods.Supervised;

/// <summary>What every trainer of a user's model is told.</summary>
public abstract record TrainerOptions
{
    [Limits(AtLeast = 0)]
    [Description("rank of a LoRA adapter on every linear layer; 0 trains all weights")]
    public int LoraRank { get; init; }

    [Description("train the adapter over the matrices of a .gguf file in the few bits they are stored in, instead of decoding them into fp32 (QLoRA): several times less memory, somewhat slower steps")]
    public bool KeepQuantized { get; init; }

    [Description("kind of adapter: lora, rslora (scaled by the root of the rank), dora (with magnitudes), pissa (begun from the weights' principal part)")]
    public AdapterKind AdapterType { get; init; }

    [Description("numerator of the adapter's scaling; twice the rank when left out")]
    [Limits(Above = 0)]
    public double? LoraAlpha { get; init; }

    [Description("take gradients at weights with noise on them, as a share of each row's norm: Flat-LoRA; 0 for none")]
    [Limits(AtLeast = 0)]
    public double FlatSigma { get; init; }

    [Description("how the noise grows to its full strength over the run")]
    public NoiseSchedule FlatSchedule { get; init; }

    [Description("noise in one of so many steps")]
    [Limits(AtLeast = 1)]
    public int FlatEvery { get; init; } = 1;

    [Description("take gradients so far up the gradient, for two passes a step: sharpness-aware minimisation; 0 for none")]
    [Limits(AtLeast = 0)]
    public double SamRho { get; init; }

    [Description("write the adapter into the weights at the end, instead of saving it apart")]
    public bool Merge { get; init; }

    [Description("longest sequence in tokens; 0 for no limit")]
    [Limits(AtLeast = 0)]
    public int MaxLength { get; init; } = 1024;

    [Description("which end of a longer sequence is kept")]
    public Truncation Truncation { get; init; }

    [Description("the training loop")]
    public TrainOptions Train { get; init; } = new() { Lr = 1e-5 };
}

/// <summary>
/// One training of a user's model, from examples to files, whatever the objective. With a run that has no folder nothing is written: the
/// model holds the result.
/// </summary>
/// <param name="model">Trained in place.</param>
/// <param name="options">Settings.</param>
/// <param name="run">Seed, reporter, folder.</param>
/// <param name="dryRun">Compute the first batch and update nothing.</param>
public sealed class TrainingJob(TextModel model, TrainerOptions options, RunContext run, bool dryRun)
{
    private (LoraModel? Adapter, IReadOnlyList<Parameter> Parameters)? attached;

    /// <summary>Weights trained besides the model's, such as a reward head.</summary>
    public IReadOnlyList<Parameter> Extra { get; init; } = [];

    /// <summary>What the run is made from besides model, options and seed, such as the hash of its rows: a folder is continued only by the same run.</summary>
    public JsonObject Inputs { get; init; } = [];

    /// <summary>The adapter that is trained, attached on first use; null where all weights are trained.</summary>
    public LoraModel? Adapter => (attached ??= Attach()).Adapter;

    /// <summary>Called with the folder of the saved model or adapter, to put more beside it.</summary>
    public Action<string>? Saved { get; init; }

    /// <summary>Saves the result into a folder and returns its path; null for a model or adapter as usual.</summary>
    public Func<LoraModel?, string>? Save { get; init; }

    /// <summary>Trains on a list, in a new order on every pass, or computes the first batch in the order given.</summary>
    /// <param name="examples">Examples in the order of the data.</param>
    /// <param name="objective">What is minimised.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    /// <exception cref="HoneException">No examples.</exception>
    public JsonObject Run(IReadOnlyList<TrainingExample> examples, IObjective objective) =>
        Run(new ShuffledSource(examples, dryRun ? null : run.Rng("shuffle")), examples.Count, objective);

    /// <summary>Trains on a source, or computes its first batch.</summary>
    /// <param name="source">Examples.</param>
    /// <param name="rows">Rows they come from.</param>
    /// <param name="objective">What is minimised.</param>
    /// <returns>What <c>--json</c> prints.</returns>
    public JsonObject Run(IExampleSource source, int rows, IObjective objective)
    {
        (LoraModel? adapter, IReadOnlyList<Parameter> parameters) = attached ??= Attach();
        if (dryRun) return Dry(source, rows, objective, parameters);
        TrainingIdentity.Check(model.Model, objective, options, Inputs, run);
        StepResult? last = null;
        IGradientRule? rule = GradientRules.Of(options, model, adapter, parameters, options.Train.StepCount(source.Count), run);
        using Trainer trainer = new(parameters, objective, options.Train, rule, model.Workers) { AfterStep = step => last = step };
        TrainingSummary summary = Reported(() => trainer.Run(source, run), objective);
        foreach (Parameter parameter in parameters) parameter.Value.ReleaseGrad();
        string saved = run.Folder.Length == 0 ? "" : Save is null ? SaveModel(adapter) : Save(adapter);
        if (saved.Length > 0) Saved?.Invoke(saved);
        JsonObject result = new()
        {
            ["out"] = saved,
            ["steps"] = summary.Steps,
            ["rows"] = rows,
            ["loss_first"] = Number(summary.Losses.Count > 0 ? summary.Losses[0] : double.NaN),
            ["loss_last"] = Number(summary.Losses.Count > 0 ? summary.Losses[^1] : double.NaN),
            ["tokens"] = summary.Tokens,
            ["seconds"] = Math.Round(summary.Seconds, 2),
            ["peak_activation_bytes"] = summary.PeakBytes,
            ["report"] = run.PathOf(TrainingReport.FileName),
            ["seed"] = run.Seed,
        };
        foreach ((string name, double value) in last?.Metrics ?? []) result[name] = Number(value);
        return result;
    }

    /// <summary>Writes the result to train.json in the run's folder.</summary>
    public void Record(JsonObject result)
    {
        if (!dryRun && run.Folder.Length > 0) AtomicFile.WriteText(run.PathOf("train.json"), result.ToJsonString(Jsonl.Indented) + "\n");
    }

    /// <summary>Whatever way the run ends, its curves are drawn.</summary>
    private TrainingSummary Reported(Func<TrainingSummary> train, IObjective objective)
    {
        string? problem = null;
        try
        {
            return train();
        }
        catch (HoneException error)
        {
            problem = error.Message;
            throw;
        }
        finally
        {
            TrainingReport.Write(run, objective.Name, options, model.Loaded.Path, problem);
        }
    }

    private (LoraModel? Adapter, IReadOnlyList<Parameter> Parameters) Attach()
    {
        if (model.Model.IsQuantized)
        {
            if (options.LoraRank == 0) throw new HoneException("matrices kept in few bits cannot be trained themselves: give an adapter's rank with --lora-rank, or leave --keep-quantized out.");
            if (options.Merge) throw new HoneException("an adapter cannot be written into matrices kept in few bits: leave --merge or --keep-quantized out.");
        }
        if (options.LoraRank == 0)
        {
            foreach (Parameter parameter in model.Model.Parameters) parameter.Trainable = true;
            return (null, [.. model.Model.Parameters, .. Extra]);
        }
        LoraModel adapter = LoraModel.Attach(model.Model, GradientRules.AdapterOf(options), run.Rng("lora/init"), model.Workers);
        return (adapter, [.. adapter.Parameters, .. Extra]);
    }

    private JsonObject Dry(IExampleSource source, int rows, IObjective objective, IReadOnlyList<Parameter> parameters)
    {
        int count = (int)Math.Min(options.Train.Batch, source.Count ?? options.Train.Batch);
        using Trainer trainer = new(parameters, objective, options.Train with { Optimizer = "sgd", Lr = 0, WeightDecay = 0 }, workers: model.Workers);
        StepResult step = trainer.Step([.. Enumerable.Range(0, count).Select(i => source.Get(i))], 0, 0);
        JsonObject result = new()
        {
            ["dry_run"] = true,
            ["objective"] = objective.Name,
            ["loss"] = Number(step.Loss),
            ["grad_norm"] = Number(step.GradNorm),
            ["rows"] = rows,
            ["batch_rows"] = count,
            ["batch_tokens"] = step.Tokens,
        };
        foreach ((string name, double value) in step.Metrics) result[name] = Number(value);
        return result;
    }

    private string SaveModel(LoraModel? adapter)
    {
        if (adapter is not null && !options.Merge)
        {
            string folder = run.PathOf("adapter");
            AtomicFile.WriteFolder(folder, adapter.Save);
            return folder;
        }
        adapter?.Merge();
        string target = run.PathOf("model");
        model.Save(target);
        return target;
    }

    private static JsonNode? Number(double value) => double.IsFinite(value) ? value : null;
}
