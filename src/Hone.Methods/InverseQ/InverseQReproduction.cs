using Hone.Core;
using Hone.Inference;
using Hone.Methods.Tasks;
using Hone.Training.Objectives.OnPolicy;

namespace Hone.Methods.InverseQ;

/// <summary>
/// Both experiments of the card. In the small language model GRPO with the rule's reward stands where the card has PPO: it needs no critic, and so
/// is the stronger baseline at this size.
/// </summary>
[Reproduces("inverse-q")]
public sealed class InverseQReproduction : IReproduction
{
    private const string Conditioned = "Inverse-Q*, conditioned", Contrastive = "Inverse-Q*, contrastive", Policy = "Inverse-Q*, policy gradient", Full = "Inverse-Q*, whole distribution",
        Grpo = "GRPO on the rule", Dpo = "DPO on pairs by the rule";

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        int samples = options.IsQuick ? 1600 : 4800;
        List<(TabularOutcome InverseQ, TabularOutcome Reinforce, TabularOutcome Noisy)> tables =
            [.. Enumerable.Range(0, Math.Max(options.Seeds, 5)).Select(s => TabularExperiment.Run(samples, Seeded(run, s)))];
        string path = Assets.Require("models/seed-weak");
        StyleSize size = options.IsQuick ? StyleSize.Quick : StyleSize.Full;
        using IProgressTask progress = run.Reporter.Start("inverse-q", options.Seeds * 7L, "arms");
        StyleStart[] starts = SideBySide.Run<StyleStart>([.. Enumerable.Range(0, options.Seeds).Select(s => (Func<StyleStart>)(() =>
        {
            StyleStart start = StyleExperiment.Taught(TextModel.Open(path), size, Seeded(run, s));
            progress.Advance(1, $"seed {s + 1}, start: {start.Score:P1}, with the tag {start.Tagged:P1}");
            return start;
        }))]);
        Dictionary<string, List<StyleOutcome>> arms = SideBySide.Run<StyleOutcome>(options.Seeds,
        [
            Arm(Conditioned, e => e.InverseQ(EstimatorKind.Conditioned, RewardImitation.Regress)), Arm(Contrastive, e => e.InverseQ(EstimatorKind.Contrastive, RewardImitation.Regress)),
            Arm(Policy, e => e.InverseQ(EstimatorKind.Conditioned, RewardImitation.Pg)), Arm(Full, e => e.InverseQ(EstimatorKind.Conditioned, RewardImitation.Full)),
            Arm(Grpo, e => e.Grpo()), Arm(Dpo, e => e.Dpo()),
        ]);
        return Task.FromResult(new ReproductionResult([.. Claims(tables, arms, starts)], [Tabular(tables, samples), Style(arms, starts)]));

        (string, Func<int, StyleOutcome>) Arm(string name, Func<StyleExperiment, StyleOutcome> learn) => (name, s =>
        {
            StyleOutcome outcome = learn(new StyleExperiment(TextModel.Open(path), starts[s], size, Seeded(run, s)));
            progress.Advance(1, $"seed {s + 1}, {name}: {outcome.Score:P1}");
            return outcome;
        }
        );
    }

    private static RunContext Seeded(RunContext run, int s) => new("", run.Seed + s, null, run.Cancellation);

    private static IEnumerable<Claim> Claims(
        List<(TabularOutcome InverseQ, TabularOutcome Reinforce, TabularOutcome Noisy)> tables, Dictionary<string, List<StyleOutcome>> arms, StyleStart[] starts)
    {
        yield return Claim.AtMost(
            "With the exact optimum as estimator Inverse-Q* needs fewer samples than REINFORCE at its best rate.", "samples divided by REINFORCE's, largest over seeds",
            Measured.Exact(tables.Max(t => (double)t.InverseQ.Samples / t.Reinforce.Samples)), 1, "on every seed");
        yield return Claim.AtMost(
            "… and ends at most half as far from the optimum.", "KL(policy‖optimum) divided by REINFORCE's, largest over seeds",
            Measured.Exact(tables.Max(t => t.InverseQ.Divergence / t.Reinforce.Divergence)), 0.5, "on every seed");
        yield return Claim.AtLeast(
            "A noisy estimator leaves a plateau.", "KL(policy‖optimum) with noise 0.3 on log π*, minus that without",
            OverSeeds.Mean(tables.Select(t => t.Noisy.Divergence - t.InverseQ.Divergence)), 0);
        yield return Claim.AtLeast(
            "Without a tag, the model comes to do what the tag asks for.", "gain divided by 90 % of the tag's gain",
            OverSeeds.Mean(arms[Conditioned].Zip(starts, (a, m) => (a.Score - m.Score) / (0.9 * (m.Tagged - m.Score)))), 1);
        yield return Claim.AtMost(
            "It needs no more samples than GRPO on the rule for 80 % of the gain.", "samples minus GRPO's",
            OverSeeds.Difference(arms[Conditioned], arms[Grpo], a => a.SamplesTo80), 0, "a run that never got there counts as its whole budget");
    }

    private static ResultTable Tabular(List<(TabularOutcome InverseQ, TabularOutcome Reinforce, TabularOutcome Noisy)> tables, int samples)
    {
        IReadOnlyList<string> Line(string name, Func<(TabularOutcome InverseQ, TabularOutcome Reinforce, TabularOutcome Noisy), TabularOutcome> pick) =>
            [name, $"{tables.Min(t => pick(t).Samples)} to {tables.Max(t => pick(t).Samples)}", $"{tables.Average(t => pick(t).Divergence):0.0000}"];
        return new(
            $"85 states, {tables.Count} seeds, {samples} samples", ["learner", "samples until KL fell to a tenth", "KL at the end"],
            [Line("Inverse-Q*", t => t.InverseQ), Line("REINFORCE, best rate", t => t.Reinforce), Line("Inverse-Q*, noisy estimator", t => t.Noisy)]);
    }

    private static ResultTable Style(Dictionary<string, List<StyleOutcome>> arms, StyleStart[] starts) => new(
        "Share of answers that show their steps, mean over seeds", ["", "without a tag", "samples for 80 % of the gain", "log-ratio to the start per text"],
        [
            ["start", $"{starts.Average(m => m.Score):P1}", "–", "0"], ["start, with the tag", $"{starts.Average(m => m.Tagged):P1}", "–", "–"],
            .. arms.Select(a => (IReadOnlyList<string>)[a.Key, $"{a.Value.Average(o => o.Score):P1}", $"{a.Value.Average(o => o.SamplesTo80):0}", $"{a.Value.Average(o => o.Kl):0.00}"]),
        ]);
}
