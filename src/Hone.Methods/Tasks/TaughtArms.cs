using Hone.Core;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.Supervised;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Tasks;

/// <summary>
/// The outline of experiments that teach the built-in weak model something once and let every arm go on from there, on every seed, beside
/// each other.
/// </summary>
internal sealed class TaughtArms : IDisposable
{
    private readonly string path = Assets.Require("models/seed-weak");
    private readonly RunContext run;
    private readonly IProgressTask progress;
    private readonly WeightSnapshot start;

    /// <param name="title">Name of the progress bar.</param>
    /// <param name="jobs">Arms and preparations that will be run.</param>
    /// <param name="run">First seed, reporter, cancellation.</param>
    /// <param name="teach">Teaches the model what all arms begin with.</param>
    public TaughtArms(string title, long jobs, RunContext run, Action<TextModel> teach)
    {
        this.run = run;
        progress = run.Reporter.Start(title, 1 + jobs, "arms");
        TextModel model = TextModel.Open(path);
        teach(model);
        start = new(model.Model);
        progress.Advance(1, "start taught");
    }

    /// <summary>What the arms of one seed have in common, for every seed.</summary>
    /// <param name="seeds">Their distances from the first.</param>
    /// <param name="prepare">Is given the start model, to keep, and the seed's context.</param>
    /// <param name="say">What progress says of it.</param>
    public IReadOnlyList<T> Prepare<T>(IReadOnlyList<int> seeds, Func<TextModel, RunContext, T> prepare, Func<T, string> say) =>
        SideBySide.Run<T>([.. seeds.Select(s => (Func<T>)(() => Said($"seed {s + 1}, start", prepare(Fresh(), new RunContext("", run.Seed + s, null, run.Cancellation)), say)))]);

    /// <summary>Runs every arm on every seed.</summary>
    /// <param name="seeds">From <see cref="Prepare"/>.</param>
    /// <param name="arms">Names, and how a fresh start model learns.</param>
    /// <param name="say">What progress says of an outcome.</param>
    /// <returns>By arm, [seeds] outcomes.</returns>
    public Dictionary<string, List<TOutcome>> Run<TSeed, TOutcome>(
        IReadOnlyList<TSeed> seeds, IReadOnlyList<(string Name, Func<TextModel, TSeed, TOutcome> Learn)> arms, Func<TOutcome, string> say) =>
        SideBySide.Run<TOutcome>(seeds.Count, [.. arms.Select(arm => (arm.Name, (Func<int, TOutcome>)(s => Said($"seed {s + 1}, {arm.Name}", arm.Learn(Fresh(), seeds[s]), say))))]);

    /// <summary>Trains all weights, with a rate that rises for a tenth of the steps and then falls to 0.</summary>
    public static void Train(TextModel model, IObjective objective, IExampleSource source, int steps, int batch, double rate, RunContext run)
    {
        TrainOptions options = new() { Steps = steps, Batch = batch, MicroTokens = 8192, Lr = rate, Schedule = "linear", Warmup = 0.1, Beta2 = 0.95 };
        FineTuning.Full(model, objective, source, options, new RunContext("", run.Seed, null, run.Cancellation));
    }

    public void Dispose() => progress.Dispose();

    private TextModel Fresh()
    {
        TextModel fresh = TextModel.Open(path);
        start.CopyTo(fresh.Model);
        return fresh;
    }

    private T Said<T>(string what, T result, Func<T, string> say)
    {
        progress.Advance(1, $"{what}: {say(result)}");
        return result;
    }
}
