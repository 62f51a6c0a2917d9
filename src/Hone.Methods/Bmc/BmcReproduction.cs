using System.Globalization;
using Hone.Core;
using Hone.Inference;
using Hone.Inference.Sampling;
using Hone.Methods.Tasks;
using Hone.Models.Text;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Objectives.Preference;

namespace Hone.Methods.Bmc;

/// <summary>
/// The card's generated experiment: worse answers have one wrong sum, better ones are right but worded and ordered differently, bridged ones are the worse
/// ones with the sum repaired. DPO on either, with and without token weights, the same number of steps from the same start, each at the learning
/// rate that does best on validation prompts of a seed that is not reported.
/// </summary>
[Reproduces("bmc")]
public sealed class BmcReproduction : IReproduction
{
    private const string Dpo = "DPO", Mc = "DPO-MC", Bc = "DPO-BC", Bmc = "DPO-BMC", SimpoBmc = "SimPO-BMC";

    /// <summary>What every arm may learn with; which of them it does is settled on validation prompts.</summary>
    private static readonly double[] Rates = [2.5e-5, 5e-5, 1e-4, 2e-4];

    /// <summary>Far from every seed that is reported: the seed on whose pairs and prompts rates are chosen.</summary>
    private const int ValidationSeed = 1000;

    private sealed record Size(int TeachingSteps, int Pairs, int Steps, int Test, double[] Rates)
    {
        public static Size Full { get; } = new(300, 480, 90, 200, BmcReproduction.Rates);

        public static Size Quick { get; } = new(60, 64, 6, 30, [1e-4, 2e-4]);
    }

    /// <summary>What one arm came to on one seed.</summary>
    /// <param name="Accuracy">Share of sums right.</param>
    /// <param name="Drift">Total variation between the wordings of samples and those of the start.</param>
    /// <param name="Focus">Implicit reward of tokens that differ, as a multiple of that of the others.</param>
    /// <param name="ChosenLogP">Mean log π of bridged answers.</param>
    private sealed record Outcome(double Accuracy, double Drift, double Focus, double ChosenLogP);

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        Size size = options.IsQuick ? Size.Quick : Size.Full;
        Arm[] arms = [.. Arms()];
        using TaughtArms experiment = new("bmc", 1 + arms.Length * size.Rates.Length + options.Seeds * (1L + arms.Length), run, model =>
            TaughtArms.Train(model, new SupervisedObjective(model.Model), Texts(model.Text, run), size.TeachingSteps, 32, 2e-3, run));
        IReadOnlyList<Seed> Seeds(int first, int count) => experiment.Prepare([.. Enumerable.Range(first, count)], (model, seeded) => Seed.Of(model, size, seeded), s => $"{s.Accuracy:P1}");
        (string Name, Func<TextModel, Seed, Outcome> Learn) With(Arm arm, double rate, string name) => (name, (model, seed) => Learn(model, seed, arm, rate, size));

        Dictionary<string, List<Outcome>> tried = experiment.Run<Seed, Outcome>(
            Seeds(ValidationSeed, 1), [.. from arm in arms from rate in size.Rates select With(arm, rate, Tried(arm, rate))], Say);
        Dictionary<string, double> rates = arms.ToDictionary(a => a.Name, a => size.Rates.MaxBy(rate => tried[Tried(a, rate)][0].Accuracy));
        IReadOnlyList<Seed> seeds = Seeds(0, options.Seeds);
        Dictionary<string, List<Outcome>> outcomes = experiment.Run(seeds, [.. arms.Select(arm => With(arm, rates[arm.Name], arm.Name))], Say);
        return Task.FromResult(new ReproductionResult([.. Claims(outcomes)], [Table(outcomes, [.. seeds.Select(s => s.Accuracy)], rates), Choice(arms, size.Rates, tried)]));
    }

    /// <summary>A way of learning.</summary>
    /// <param name="Name">What it is called.</param>
    /// <param name="Bridged">Whether the better answers are the bridged ones.</param>
    /// <param name="Delta">Bound of the token weights; 0 for none.</param>
    /// <param name="Kind">The objective.</param>
    private sealed record Arm(string Name, bool Bridged, double Delta, BmcObjectiveKind Kind)
    {
        public BmcOptions Settings => new() { Objective = Kind, Beta = Kind == BmcObjectiveKind.Simpo ? 2 : 0.1, Weights = new() { Delta = Delta }, IgnoreStopwords = false };
    }

    private static string Tried(Arm arm, double rate) => string.Create(CultureInfo.InvariantCulture, $"{arm.Name} at {rate}");

    private static string Say(Outcome outcome) => $"{outcome.Accuracy:P1}";

    /// <summary>What all arms of a seed have in common.</summary>
    /// <param name="Run">The seed.</param>
    /// <param name="Test">[tests][facts].</param>
    /// <param name="Accuracy">Of the start.</param>
    /// <param name="Styles">Shares of wordings in its samples.</param>
    /// <param name="Triples">Texts from which the arms make their pairs.</param>
    private sealed record Seed(RunContext Run, FactTask.Fact[][] Test, double Accuracy, double[] Styles, (string Prompt, string Better, string Bridged, string Worse)[] Triples)
    {
        public static Seed Of(TextModel start, Size size, RunContext run)
        {
            FactTask.Fact[][] test = [.. Enumerable.Range(0, size.Test).Select(i => FactTask.Draw(run.Rng("bmc/test").Derive(i)))];
            (double accuracy, double[] styles) = Ask(start, test, run);
            return new(run, test, accuracy, styles, [.. Enumerable.Range(0, size.Pairs).Select(i => Triple(run.Rng("bmc/pairs").Derive(i)))]);
        }
    }

    private static IEnumerable<Arm> Arms() =>
    [
        new(Dpo, false, 0, BmcObjectiveKind.Dpo), new(Mc, false, 2, BmcObjectiveKind.Dpo), new(Bc, true, 0, BmcObjectiveKind.Dpo), new(Bmc, true, 2, BmcObjectiveKind.Dpo),
        new(SimpoBmc, true, 1, BmcObjectiveKind.Simpo),
    ];

    /// <summary>Right texts in the three wordings, from which the start learns the task.</summary>
    private static GeneratedSource Texts(ModelText text, RunContext run) => new(index =>
    {
        RandomStream random = run.Rng("bmc/texts").Derive(index);
        FactTask.Fact[] facts = FactTask.Draw(random);
        string prompt = FactTask.Prompt(facts);
        random.Shuffle<FactTask.Fact>(facts);
        TokenizedCompletion tokens = text.QuestionAndAnswer(prompt, FactTask.Write(facts, FactTask.DrawStyle(random)));
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    });

    private static (string Prompt, string Better, string Bridged, string Worse) Triple(RandomStream random)
    {
        FactTask.Fact[] facts = FactTask.Draw(random), other = [.. facts];
        string prompt = FactTask.Prompt(facts);
        random.Shuffle<FactTask.Fact>(facts);
        random.Shuffle<FactTask.Fact>(other);
        int style = FactTask.DrawStyle(random), wrong = random.Next(FactTask.Facts), off = random.Next(1, 10) * (facts[wrong].Value >= 10 && random.Next(2) == 0 ? -1 : 1);
        string better = FactTask.Write(other, (style + random.Next(1, FactTask.Styles)) % FactTask.Styles);
        return (prompt, better, FactTask.Write(facts, style), FactTask.Write(facts, style, wrong, off));
    }

    private static Outcome Learn(TextModel model, Seed seed, Arm arm, double rate, Size size)
    {
        BmcOptions settings = arm.Settings;
        List<TrainingExample> Marked(bool useBridged) => ReferenceLogProbs.AddTo(
            model.Model, BmcRecipe.WithMasks([.. seed.Triples.Select(t => new TrainingExample([Sequence(model.Text, t.Prompt, useBridged ? t.Bridged : t.Better), Sequence(model.Text, t.Prompt, t.Worse)]))], model, settings),
            "", 8192, model.Workers, IReporter.Silent);
        List<TrainingExample> watched = [.. Marked(true).Take(64)], pairs = Marked(arm.Bridged);
        TaughtArms.Train(model, BmcRecipe.ObjectiveOf(model, settings, false), new ShuffledSource(pairs, seed.Run.Rng("bmc/shuffle")), size.Steps, 16, rate, seed.Run);
        (double accuracy, double[] now) = Ask(model, seed.Test, seed.Run);
        (double focus, double chosen) = Look(model, watched);
        return new(accuracy, 0.5 * now.Zip(seed.Styles, (a, b) => Math.Abs(a - b)).Sum(), focus, chosen);
    }

    private static TrainingSequence Sequence(ModelText text, string prompt, string answer)
    {
        TokenizedCompletion tokens = text.QuestionAndAnswer(prompt, answer);
        return TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens);
    }

    /// <summary>How much more the tokens that differ are moved than the others, and how likely bridged answers are.</summary>
    private static (double Focus, double Chosen) Look(TextModel model, List<TrainingExample> watched)
    {
        List<TrainingExample> now = ReferenceLogProbs.AddTo(model.Model, watched, "", 8192, model.Workers, IReporter.Silent);
        List<double> differing = [], others = [];
        double chosen = 0;
        for (int e = 0; e < now.Count; e++)
            for (int side = 0; side < 2; side++)
            {
                (TrainingSequence a, TrainingSequence b) = (now[e].Sequences[side], watched[e].Sequences[side]);
                foreach (int i in a.TargetPlaces())
                {
                    (b.TokenColumns![ConfidenceWeights.Differs][i] != 0 ? differing : others).Add(Math.Abs(a.Reference![i] - b.Reference![i]));
                    if (side == 0) chosen += a.Reference[i];
                }
            }
        return (differing.Average() / others.Average(), chosen / now.Count);
    }

    /// <summary>Share of right sums and of wordings in samples.</summary>
    private static (double Accuracy, double[] Styles) Ask(TextModel model, FactTask.Fact[][] test, RunContext run)
    {
        RandomStream seeds = run.Rng("bmc/ask");
        IReadOnlyList<GenerationResult> results = model.Engine.Generate([.. test.Select((facts, i) => new GenerationRequest
        {
            Prompt = model.Text.Prompt(FactTask.Prompt(facts)), MaxTokens = 64, Sampling = new SamplingOptions(), StopIds = model.Text.EndIds,
            Seed = unchecked((long)seeds.Derive(i).NextUInt64()),
        })], cancellation: run.Cancellation);
        double[] styles = new double[FactTask.Styles + 1];
        foreach (GenerationResult result in results) styles[FactTask.StyleOf(result.Text) is >= 0 and var style ? style : FactTask.Styles] += 1.0 / results.Count;
        return (results.Average(r => FactTask.Accuracy(test[r.Request], r.Text)), styles);
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<Outcome>> arms)
    {
        foreach ((string better, string worse) in ((string, string)[])[(Bmc, Bc), (Bc, Dpo), (Bmc, Mc), (Mc, Dpo)])
            yield return Claim.AtLeast($"{better} is at least as accurate as {worse}.", "share of right sums, difference", OverSeeds.Difference(arms[better], arms[worse], o => o.Accuracy), 0);
        yield return Claim.AtLeast("Both phases together gain two points on DPO.", "share of right sums minus DPO's", OverSeeds.Difference(arms[Bmc], arms[Dpo], o => o.Accuracy), 0.02);
        yield return Claim.AtLeast("The reward lies on the repaired tokens more than under DPO.", "implicit reward of differing tokens as a multiple of the others', minus DPO's", OverSeeds.Difference(arms[Bmc], arms[Dpo], o => o.Focus), 0);
        foreach (string arm in (string[])[Bc, Bmc])
            yield return Claim.AtMost($"The wording drifts less under {arm} than under DPO.", "total variation of wordings minus DPO's", OverSeeds.Difference(arms[arm], arms[Dpo], o => o.Drift), 0);
    }

    private static ResultTable Table(Dictionary<string, List<Outcome>> arms, List<double> before, Dictionary<string, double> rates) => new(
        "Mean over seeds", ["arm", "learning rate", "sums right", "drift of wording", "reward on differing tokens", "log π of bridged answers"],
        [.. arms.Select(a => (IReadOnlyList<string>)[
            a.Key, Rate(rates[a.Key]), $"{a.Value.Average(o => o.Accuracy):P1}", $"{a.Value.Average(o => o.Drift):0.000}", $"{a.Value.Average(o => o.Focus):0.0} ×", $"{a.Value.Average(o => o.ChosenLogP):0.00}"])
            .Prepend(["start", "–", $"{before.Average():P1}", "0", "–", "–"])]);

    private static ResultTable Choice(Arm[] arms, double[] rates, Dictionary<string, List<Outcome>> tried) => new(
        "Sums right on the validation seed, by learning rate", ["arm", .. rates.Select(Rate)],
        [.. arms.Select(a => (IReadOnlyList<string>)[a.Name, .. rates.Select(rate => $"{tried[Tried(a, rate)][0].Accuracy:P1}")])]);

    private static string Rate(double rate) => rate.ToString("0.#e-0", CultureInfo.InvariantCulture);
}
