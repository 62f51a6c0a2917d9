using System.Diagnostics;
using Hone.Core;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training.Batching;
using Hone.Training.Checkpoints;
using Hone.Training.Objectives;
using Hone.Training.Optimizers;
using Hone.Training.Schedules;

namespace Hone.Training;

/// <summary>What happened in one optimiser step.</summary>
/// <param name="Step">1-based number of the step.</param>
/// <param name="Loss">Loss before the update, divided by the step's whole weight.</param>
/// <param name="GradNorm">Norm of the gradient of that loss, before clipping.</param>
/// <param name="LearningRate">Rate the step used.</param>
/// <param name="Weight">What the loss was divided by (trained tokens, or pairs).</param>
/// <param name="Tokens">Tokens that went through the model.</param>
/// <param name="Metrics">Whatever the objective logs.</param>
/// <param name="Skipped">The gradient was not finite and the weights stayed as they were.</param>
public sealed record StepResult(
    int Step, double Loss, double GradNorm, double LearningRate, double Weight, long Tokens,
    IReadOnlyList<KeyValuePair<string, double>> Metrics, bool Skipped);

/// <summary>How a training run ended.</summary>
/// <param name="Steps">Steps done, those of earlier starts included.</param>
/// <param name="Losses">Loss of each step of this start.</param>
/// <param name="Tokens">Tokens of this start.</param>
/// <param name="Seconds">Time of this start.</param>
/// <param name="PeakBytes">Largest memory of activations and activation gradients.</param>
public sealed record TrainingSummary(int Steps, IReadOnlyList<double> Losses, long Tokens, double Seconds, long PeakBytes);

/// <summary>The training loop: the one place where examples become updates.</summary>
public sealed class Trainer : IDisposable
{
    private const int GiveUpAfter = 20;
    private static readonly Dictionary<string, double> NothingLogged = [];
    private readonly IReadOnlyList<Parameter> parameters;
    private readonly IObjective objective;
    private readonly IGradientRule rule;
    private readonly LaneBackpropagation? lanes;
    private readonly TrainOptions options;
    private readonly IOptimizer optimizer;
    private readonly GradientNorm norm;
    private readonly Tape tape;
    private readonly MetricSums metrics = new();

    /// <param name="parameters">The model's parameters; frozen ones stay.</param>
    /// <param name="objective">What is minimised.</param>
    /// <param name="options">Settings.</param>
    /// <param name="rule">How gradients arise; back-propagation by default.</param>
    /// <param name="workers">Threads.</param>
    public Trainer(
        IReadOnlyList<Parameter> parameters, IObjective objective, TrainOptions options,
        IGradientRule? rule = null, WorkerPool? workers = null)
    {
        (this.objective, this.options) = (objective, options);
        this.parameters = [.. parameters.Where(p => p.Trainable)];
        tape = new Tape(workers);
        if (rule is null) lanes = new LaneBackpropagation(this.parameters, tape.Workers);
        this.rule = rule ?? lanes!;
        optimizer = options.CreateOptimizer(this.parameters, tape.Workers);
        norm = new GradientNorm(this.parameters, tape.Workers);
    }

    /// <summary>Called after every step, e.g. for evaluation or to draw curves.</summary>
    public Action<StepResult>? AfterStep { get; init; }

    /// <summary>A factor on the learning rate by 0-based step, besides the schedule, for runs in which steps belong to different models.</summary>
    public Func<int, double>? RateFactor { get; init; }

    /// <summary>
    /// Trains to the end. With a folder, metrics.jsonl and checkpoints are written there, and a run that was killed continues
    /// from its last checkpoint to bit-identical weights.
    /// </summary>
    /// <param name="source">Examples.</param>
    /// <param name="run">Reporter, cancellation and folder (empty: nothing is written).</param>
    /// <exception cref="HoneException">The loss stopped being finite or ran away, or a checkpoint belongs to other settings.</exception>
    public TrainingSummary Run(IExampleSource source, RunContext run)
    {
        int steps = options.StepCount(source.Count);
        Schedule schedule = options.CreateSchedule(steps);
        using CheckpointStore? store = run.Folder.Length == 0 ? null : new CheckpointStore(run.Folder, parameters, optimizer, options);
        int done = store?.Resume(source, run.Reporter) ?? 0;
        RunawayGuard guard = new(options);
        foreach (StepResult earlier in store?.Logged() ?? []) guard.Check(earlier);
        using IProgressTask progress = run.Reporter.Start($"training ({objective.Name})", steps, "steps");
        progress.Advance(done);
        List<double> losses = [];
        long tokens = 0;
        int bad = 0;
        Stopwatch clock = Stopwatch.StartNew();
        for (int step = done; step < steps; step++)
        {
            StepResult result = Step(Examples(source, step), step, schedule.Factor(step) * options.Lr * (RateFactor?.Invoke(step) ?? 1));
            bad = result.Skipped ? bad + 1 : 0;
            if (bad == GiveUpAfter) throw new HoneException($"step {step + 1}: the gradient was not finite {bad} times in a row; lower the learning rate (now {options.Lr}).");
            losses.Add(result.Loss);
            tokens += result.Tokens;
            if ((step + 1) % options.LogEvery == 0) store?.Log(result, tokens / clock.Elapsed.TotalSeconds);
            progress.Advance(1, $"loss {result.Loss:0.000}");
            AfterStep?.Invoke(result);
            guard.Check(result);
            bool isLast = step + 1 == steps;
            if (store is not null && options.CheckpointEvery > 0 && ((step + 1) % options.CheckpointEvery == 0 || isLast)) store.Save(step + 1, source);
            if (!isLast && run.Cancellation.IsCancellationRequested)
            {
                store?.Save(step + 1, source);
                run.Cancellation.ThrowIfCancellationRequested();
            }
        }
        return new(steps, losses, tokens, clock.Elapsed.TotalSeconds, tape.Memory.PeakBytes + (lanes?.PeakBytes ?? 0));
    }

    /// <summary>Returns the memory of activations.</summary>
    public void Dispose()
    {
        lanes?.Dispose();
        tape.Dispose();
        tape.Memory.Dispose();
    }

    /// <summary>One optimiser step on the given examples, whatever the number of forward passes they need.</summary>
    /// <param name="examples">Examples of the step.</param>
    /// <param name="step">0-based number of the step.</param>
    /// <param name="learningRate">Rate.</param>
    public StepResult Step(IReadOnlyList<TrainingExample> examples, int step, double learningRate)
    {
        metrics.Clear();
        List<TrainingBatch> window = TrainingBatch.Split(examples, options.MicroTokens);
        (double lossSum, double weight) = rule.Accumulate(tape, window, step, objective, metrics);
        long tokens = window.Sum(b => (long)b.Tokens.Length);
        foreach ((string name, double value) in examples.SelectMany(e => e.Logged ?? NothingLogged)) metrics.Add(name, value);
        double divisor = weight == 0 ? 1 : weight;
        double gradNorm = norm.Compute() / divisor;
        bool finite = double.IsFinite(gradNorm) && double.IsFinite(lossSum);
        double limit = options.MaxGradNorm > 0 ? options.MaxGradNorm : double.PositiveInfinity;
        if (finite && weight != 0) optimizer.Step(learningRate, GradientNorm.ClipFactor(gradNorm, limit) / divisor);
        foreach (Parameter parameter in parameters) parameter.Value.ClearGrad();
        return new(step + 1, lossSum / divisor, gradNorm, learningRate, weight, tokens, [.. metrics.Means], !finite);
    }

    private List<TrainingExample> Examples(IExampleSource source, int step)
    {
        List<TrainingExample> examples = new(options.Batch);
        for (int i = 0; i < options.Batch; i++) examples.Add(source.Get((long)step * options.Batch + i));
        return examples;
    }
}
