using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;
using Hone.Tensors.Threads;

namespace Hone.Methods.LtriLlm;

/// <summary>
/// The small-scale experiment of the method's card: planted triangles are found again, and the recall model answers from streams of eight
/// times its trained length. Differs from the card: texts are generated facts without sections, and many questions are asked about one stream,
/// each on a copy of it.
/// </summary>
[Reproduces("ltri-llm")]
public sealed class LtriLlmReproduction : IReproduction
{
    private const string Ltri = "triangles (Ltri-LLM)", Blocks = "blocks (InfLLM)", Sliding = "sliding window (StreamingLLM)", Plain = "triangles, no voting nor memory";

    /// <inheritdoc/>
    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        Size size = options.IsQuick ? new(4096, 12) : new(16384, 32);
        TextModel model = TextModel.Open(RecallModel.Require(), WorkerPool.Shared);
        List<SeedResult> results = [];
        using IProgressTask progress = run.Reporter.Start("ltri-llm", options.Seeds, "seeds");
        for (int s = 0; s < options.Seeds; s++)
        {
            results.Add(Experiment(model, size, new RunContext("", run.Seed + s, null, run.Cancellation)));
            progress.Advance(1);
        }
        return Task.FromResult(new ReproductionResult([.. Claims(results)], [Table(results)]));
    }

    private static IEnumerable<Claim> Claims(List<SeedResult> results)
    {
        yield return Claim.AtLeast("Spans planted in an attention map are found.", "F1 of the boundaries, spans three times as dense as the threshold",
            OverSeeds.Mean(results.Select(r => r.PlantedF1)), 0.95);
        yield return Claim.AtMost("A sliding window forgets what left it.", "accuracy on facts outside the window", OverSeeds.Mean(results.Select(r => r.Arms[Sliding].Accuracy)), 0.05);
        yield return Claim.AtLeast("Triangles bring the evidence back at least as often as blocks of the same token budget.", "evidence recall minus that of blocks",
            OverSeeds.Mean(results.Select(r => r.Arms[Ltri].Recall - r.Arms[Blocks].Recall)), 0);
        yield return Claim.AtLeast("Voting and persistence help, or at least do no harm, to recall.", "evidence recall minus that without them",
            OverSeeds.Mean(results.Select(r => r.Arms[Ltri].Recall - r.Arms[Plain].Recall)), 0);
        yield return Claim.AtLeast("Within the trained length the answers are nearly those of full attention.", "accuracy divided by full attention's",
            OverSeeds.Mean(results.Select(r => r.ShortAccuracy / Math.Max(0.01, r.FullAccuracy))), 0.9);
        yield return Claim.AtLeast("Streams far beyond the trained length are still answered from.", "accuracy on facts outside the window minus the sliding window's",
            OverSeeds.Mean(results.Select(r => r.Arms[Ltri].Accuracy - r.Arms[Sliding].Accuracy)), 0.5);
        yield return Claim.AtMost("Work for a token does not grow with the stream.", "most keys attended to, whole stream divided by its first quarter",
            OverSeeds.Mean(results.Select(r => r.AttendedGrowth)), 1.3);
    }

    private static ResultTable Table(List<SeedResult> results) => new(
        "Means over seeds", ["way", "accuracy", "evidence recall", "keys for a token", "index, share of the keys"],
        [.. results[0].Arms.Keys.Select(name => (IReadOnlyList<string>)[
            name, $"{results.Average(r => r.Arms[name].Accuracy):P1}", $"{results.Average(r => r.Arms[name].Recall):P1}",
            $"{results.Average(r => r.Arms[name].Attended):0}", $"{results.Average(r => r.Arms[name].IndexShare):P1}"])]);

    private static SeedResult Experiment(TextModel model, Size size, RunContext run)
    {
        SeedResult result = new() { PlantedF1 = PlantedMaps.F1(run.Rng("ltri/planted"), 3) };
        FactStream stream = FactStream.Make(model, size.Length, size.Questions, run.Rng("ltri/stream"));
        LtriOptions ltri = new() { Window = 256, Retrieve = 128, Queries = 1, MaxSpan = 16, Sinks = 4, Theta = 0.03, MinVectors = 4, MaxVectors = 12 };
        foreach ((string name, LtriOptions options) in new[]
        {
            (Ltri, ltri), (Blocks, ltri with { Spans = SpanKind.Blocks, Voting = false, Memory = 0, Stay = 0, MaxVectors = 4 }),
            (Plain, ltri with { Voting = false, Memory = 0, Stay = 0 }), (Sliding, ltri with { Spans = SpanKind.None, Retrieve = 0 }),
        })
            result.Arms[name] = stream.Ask(model, options, run);
        result.AttendedGrowth = result.Arms[Ltri].Attended / result.Arms[Ltri].AttendedEarly;
        FactStream within = FactStream.Make(model, Math.Min(model.Model.Config.MaxPositions, size.Length), size.Questions, run.Rng("ltri/within"));
        result.ShortAccuracy = within.Ask(model, ltri, run).Accuracy;
        result.FullAccuracy = within.Ask(model, ltri with { Spans = SpanKind.None, Window = model.Model.Config.MaxPositions + 64 }, run).Accuracy;
        return result;
    }

    private sealed record Size(int Length, int Questions);

    /// <summary>What one way of streaming reached.</summary>
    internal sealed record Arm(double Accuracy, double Recall, double Attended, double AttendedEarly, double IndexShare);

    /// <summary>One seed.</summary>
    internal sealed class SeedResult
    {
        public required double PlantedF1 { get; init; }

        public Dictionary<string, Arm> Arms { get; } = [];

        public double ShortAccuracy { get; set; }

        public double FullAccuracy { get; set; }

        public double AttendedGrowth { get; set; }
    }
}
