using Hone.Core;

namespace Hone.Training;

/// <summary>
/// Notices a run that has gone astray: for five steps in a row the loss is beyond its bound, or a KL divergence is. The bound of the
/// loss is <see cref="TrainOptions.MaxLoss"/>, by default ten times the mean size of the first ten losses, at least 100; that of the KL,
/// in nats as the trainer logs it (<c>kl</c>, <c>objective/kl</c>, or <c>kl/</c> and a player of a game), is <see cref="TrainOptions.MaxKl"/>.
/// </summary>
internal sealed class RunawayGuard(TrainOptions options)
{
    private const int Patience = 5, FirstSteps = 10, Factor = 10;
    private const double LeastLossBound = 100;
    private readonly List<double> first = [];
    private int lossesBeyond, klsBeyond;

    /// <summary>Hears of a step; of those of an earlier start too, so that a resumed run is judged by the same bound.</summary>
    /// <exception cref="HoneException">The run has gone astray.</exception>
    public void Check(StepResult step)
    {
        double loss = Math.Abs(step.Loss), bound = LossBound();
        lossesBeyond = double.IsFinite(loss) && loss > bound ? lossesBeyond + 1 : 0;
        if (lossesBeyond >= Patience) throw Astray(step, $"the loss is {step.Loss:0.###} and was beyond ±{bound:0.###} for {Patience} steps", "--max-loss");
        double kl = step.Metrics.Where(m => IsKl(m.Key)).Select(m => m.Value).DefaultIfEmpty(0).Max();
        klsBeyond = options.MaxKl > 0 && (kl > options.MaxKl || double.IsNaN(kl)) ? klsBeyond + 1 : 0;
        if (klsBeyond >= Patience) throw Astray(step, $"the KL divergence to the reference is {kl:0.##} nats and was above {options.MaxKl} for {Patience} steps", "--max-kl");
        if (first.Count < FirstSteps && double.IsFinite(loss)) first.Add(loss);
    }

    private static bool IsKl(string metric) => metric is "kl" or "objective/kl" || metric.StartsWith("kl/", StringComparison.Ordinal);

    private double LossBound()
    {
        if (options.MaxLoss > 0) return options.MaxLoss;
        return first.Count < FirstSteps ? double.PositiveInfinity : Math.Max(LeastLossBound, Factor * first.Average());
    }

    private HoneException Astray(StepResult step, string what, string option) => new(
        $"step {step.Step}: {what}, so the run was stopped. Lower the learning rate (now {options.Lr}) or raise beta, and start again with another --out; "
        + $"metrics, report and earlier checkpoints are kept. {option} sets the bound.");
}
