using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;
using Hone.Methods.KvCache;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;
using Hone.Tensors.Threads;

namespace Hone.Methods.LtriLlm;

/// <summary>
/// The small-scale experiment of the method's card: planted triangles are found again, and the recall model answers from streams of eight
/// times its trained length. Differs from the card: texts are generated facts without sections, and many questions are asked about one stream,
/// each on a copy of it. Intervals go over the questions of all seeds, paired where two ways are compared.
/// </summary>
[Reproduces("ltri-llm")]
public sealed class LtriLlmReproduction : IReproduction
{
    private const string Ltri = "triangles (Ltri-LLM)", Blocks = "blocks (InfLLM)", Sliding = "sliding window (StreamingLLM)", Plain = "triangles, no voting nor memory";

    private const int Quarters = 4;

    private static readonly LtriOptions Settings =
        new() { Window = 256, Retrieve = 128, Queries = 1, MaxSpan = 16, Sinks = 4, Theta = 0.03, MinVectors = 4, MaxVectors = 12 };

    private static readonly (string Name, LtriOptions Options)[] Ways =
    [
        (Ltri, Settings),
        (Blocks, Settings with { Spans = SpanKind.Blocks, Voting = false, Memory = 0, Stay = 0, MaxVectors = 4 }),
        (Plain, Settings with { Voting = false, Memory = 0, Stay = 0 }),
        (Sliding, Settings with { Spans = SpanKind.None, Retrieve = 0 }),
    ];

    /// <inheritdoc/>
    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        TextModel model = TextModel.Open(RecallModel.Require(), WorkerPool.Shared);
        List<SeedResult> results = [];
        using IProgressTask progress = run.Reporter.Start("ltri-llm", options.Seeds * (Ways.Length + 2L), "streams");
        for (int s = 0; s < options.Seeds; s++)
            results.Add(Experiment(model, options.IsQuick ? 2 : 8, options.IsQuick ? 12 : 32, new RunContext("", run.Seed + s, null, run.Cancellation), progress));
        return Task.FromResult(new ReproductionResult([.. Claims(results, run.Seed)], [Means(results), ByPlace(results)]));
    }

    private static IEnumerable<Claim> Claims(List<SeedResult> results, long seed)
    {
        Measured Mean(string way, Func<StreamArm, double[]> values) => Paired.Mean([.. results.SelectMany(r => values(r.Arms[way]))], seed);
        Measured Difference(string a, string b, Func<StreamArm, double[]> values) =>
            Paired.Difference([.. results.SelectMany(r => values(r.Arms[a]))], [.. results.SelectMany(r => values(r.Arms[b]))], seed);
        double within = results.SelectMany(r => r.Full.Right).Average();
        yield return Claim.AtLeast("Spans planted in an attention map are found.", "F1 of the boundaries, spans three times as dense as the threshold",
            OverSeeds.Mean(results.Select(r => r.PlantedF1)), 0.95);
        yield return Claim.AtMost("A sliding window forgets what left it.", "accuracy on facts outside the window", Mean(Sliding, a => a.Right), 0.05);
        yield return Claim.AtLeast("Triangles bring the evidence back at least as often as blocks of the same token budget.", "evidence recall, in layers with heads that copy, minus that of blocks",
            Difference(Ltri, Blocks, a => a.Recall), 0);
        yield return Claim.AtLeast("Voting and persistence help, or at least do no harm, to recall.", "evidence recall minus that without them", Difference(Ltri, Plain, a => a.Recall), 0);
        yield return Claim.AtLeast("Within the trained length the answers are nearly those of full attention.", "accuracy minus nine tenths of full attention's",
            Paired.Mean([.. results.SelectMany(r => r.Short.Right.Zip(r.Full.Right, (own, full) => own - 0.9 * full))], seed), 0, $"Full attention answers {within:P1}.");
        yield return Claim.AtLeast("Streams of eight times the trained length are still answered from where a sliding window fails.",
            "accuracy on facts outside the window minus the sliding window's", Difference(Ltri, Sliding, a => a.Right), 0.5);
        yield return Claim.AtMost("Work for a token does not grow with the stream.", "most keys attended to, whole stream divided by its first quarter",
            OverSeeds.Mean(results.Select(r => r.Arms[Ltri].Attended / r.Arms[Ltri].AttendedEarly)), 1.3);
    }

    private static ResultTable Means(List<SeedResult> results) => new(
        "Means over seeds", ["way", "accuracy", "evidence recall", "keys for a token", "index, share of the keys"],
        [.. Ways.Select(way => (IReadOnlyList<string>)[
            way.Name, $"{results.Average(r => r.Arms[way.Name].Right.Average()):P1}", $"{results.Average(r => r.Arms[way.Name].Recall.Average()):P1}",
            $"{results.Average(r => r.Arms[way.Name].Attended):0}", $"{results.Average(r => r.Arms[way.Name].IndexShare):P1}"])]);

    private static ResultTable ByPlace(List<SeedResult> results) => new(
        "Accuracy by place of the fact in the stream", ["way", "first quarter", "second", "third", "last"],
        [.. Ways.Select(way => (IReadOnlyList<string>)[way.Name, .. Enumerable.Range(0, Quarters).Select(q => Place([.. results.Select(r => r.Arms[way.Name])], q))])]);

    private static string Place(StreamArm[] arms, int quarter)
    {
        double[] right = [.. arms.SelectMany(arm => arm.Right.Zip(arm.Place)).Where(pair => (int)(pair.Second * Quarters) == quarter).Select(pair => pair.First)];
        return right.Length == 0 ? "" : $"{right.Average():P0} of {right.Length}";
    }

    private static SeedResult Experiment(TextModel model, int times, int questions, RunContext run, IProgressTask progress)
    {
        int trained = model.Model.Config.MaxPositions;
        FactStream stream = FactStream.Make(model, times * trained, questions, run.Rng("ltri/stream")), within = FactStream.Make(model, trained, questions, run.Rng("ltri/within"));
        int[] looking = CopyingLayers(model, run);
        Dictionary<string, StreamArm> arms = [];
        foreach ((string name, LtriOptions options) in Ways) arms[name] = Ask(stream, options);
        return new(
            PlantedMaps.F1(run.Rng("ltri/planted"), 3), arms, Ask(within, Settings), Ask(within, Settings with { Spans = SpanKind.None, Retrieve = 0, Window = trained + 64 }));

        StreamArm Ask(FactStream asked, LtriOptions options)
        {
            StreamArm arm = asked.Ask(model, options, looking, run);
            progress.Advance(1);
            return arm;
        }
    }

    /// <summary>Layers of the heads that copy at least half as often as the best one: where evidence has to be.</summary>
    private static int[] CopyingLayers(TextModel model, RunContext run)
    {
        IReadOnlyList<HeadScore> heads = RetrievalHeads.Detect(model, LongContextTasks.Named("niah_single_2").Take(RecallEvaluation.Options(model, 256), run.Seed, 4), run);
        return [.. heads.Where(head => head.Score >= heads[0].Score / 2).Select(head => head.Layer).Distinct()];
    }

    private sealed record SeedResult(double PlantedF1, Dictionary<string, StreamArm> Arms, StreamArm Short, StreamArm Full);
}
