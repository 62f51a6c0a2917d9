using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches.Streaming;
using Hone.Methods.KvCache;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;

namespace Hone.Methods.LtriLlm;

/// <summary>
/// The small-scale experiment of the method's card: planted triangles are found again, and the recall model answers from streams of eight
/// times its trained length. Differs from the card: texts are generated facts without sections, and many questions are asked about one stream,
/// each on a copy of it. Intervals go over the questions of all seeds, paired where two ways are compared.
/// </summary>
[Reproduces("ltri-llm")]
public sealed class LtriLlmReproduction : IReproduction
{
    private const string Ltri = "triangles (Ltri-LLM)", Blocks = "blocks (InfLLM)", Cut = "spans cut at random", Sliding = "sliding window (StreamingLLM)", Plain = "triangles, no voting nor memory";

    private const string Within = "triangles, within the trained length", Full = "full attention, within the trained length";

    private const int Quarters = 4;

    private static readonly LtriOptions Settings =
        new() { Window = 256, Retrieve = 128, Queries = 1, MaxSpan = 16, Sinks = 4, Theta = 0.03, MinVectors = 4, MaxVectors = 12 };

    private static readonly (string Name, LtriOptions Options)[] Ways =
    [
        (Ltri, Settings),
        (Plain, Settings with { Voting = false, Memory = 0, Stay = 0 }),
        (Cut, Settings with { Spans = SpanKind.Random }),
        (Blocks, Settings with { Spans = SpanKind.Blocks, Voting = false, Memory = 0, Stay = 0, MaxVectors = 4 }),
        (Sliding, Settings with { Spans = SpanKind.None, Retrieve = 0 }),
    ];

    /// <inheritdoc/>
    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        string path = RecallModel.Require();
        (int times, int questions) = options.IsQuick ? (2, 12) : (8, 32);
        using IProgressTask progress = run.Reporter.Start("ltri-llm", options.Seeds * (Ways.Length + 2L), "streams");
        Dictionary<string, List<StreamArm>> arms = SideBySide.Run<StreamArm>(options.Seeds,
        [
            .. Ways.Select(way => (way.Name, Arm(times, _ => way.Options))), (Within, Arm(1, _ => Settings)),
            (Full, Arm(1, trained => Settings with { Spans = SpanKind.None, Retrieve = 0, Window = trained + 64 })),
        ]);
        Measured planted = OverSeeds.Mean(Enumerable.Range(0, options.Seeds).Select(s => PlantedMaps.F1(Seeded(s).Rng("ltri/planted"), 3)));
        return Task.FromResult(new ReproductionResult([.. Claims(arms, planted, run.Seed)], [Means(arms), ByPlace(arms)]));

        RunContext Seeded(int seed) => new("", run.Seed + seed, null, run.Cancellation);

        Func<int, StreamArm> Arm(int length, Func<int, LtriOptions> way) => s =>
        {
            (RunContext seeded, TextModel model) = (Seeded(s), TextModel.Open(path));
            int trained = model.Model.Config.MaxPositions;
            FactStream stream = FactStream.Make(model, length * trained, questions, seeded.Rng(length > 1 ? "ltri/stream" : "ltri/within"));
            StreamArm arm = stream.Ask(model, way(trained), CopyingLayers(model, seeded), seeded);
            progress.Advance(1, $"seed {s + 1}");
            return arm;
        };
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<StreamArm>> arms, Measured planted, long seed)
    {
        double[] All(string way, Func<StreamArm, double[]> values) => [.. arms[way].SelectMany(values)];
        Measured Difference(string a, string b, Func<StreamArm, double[]> values) => Paired.Difference(All(a, values), All(b, values), seed);
        const string Recall = "evidence recall, in layers with heads that copy, minus that of";
        yield return Claim.AtLeast("Spans planted in an attention map are found.", "F1 of the boundaries, spans three times as dense as the threshold", planted, 0.95);
        yield return Claim.AtMost("A sliding window forgets what left it.", "accuracy on facts outside the window", Paired.Mean(All(Sliding, a => a.Right), seed), 0.05);
        yield return Claim.AtLeast("Triangles bring the evidence back at least as often as blocks of the same token budget.", $"{Recall} blocks", Difference(Ltri, Blocks, a => a.Recall), 0);
        yield return Claim.AtLeast("… and as spans cut at random places, indexed alike.", $"{Recall} spans cut at random", Difference(Ltri, Cut, a => a.Recall), 0);
        yield return Claim.AtLeast("Voting and persistence help, or at least do no harm, to recall.", "evidence recall minus that without them", Difference(Ltri, Plain, a => a.Recall), 0);
        yield return Claim.AtLeast("Within the trained length the answers are nearly those of full attention.", "accuracy minus nine tenths of full attention's",
            Paired.Mean([.. All(Within, a => a.Right).Zip(All(Full, a => a.Right), (own, full) => own - 0.9 * full)], seed), 0, $"Full attention answers {All(Full, a => a.Right).Average():P1}.");
        yield return Claim.AtLeast("Streams of eight times the trained length are still answered from where a sliding window fails.",
            "accuracy on facts outside the window minus the sliding window's", Difference(Ltri, Sliding, a => a.Right), 0.5);
        yield return Claim.AtMost("Work for a token does not grow with the stream.", "most keys attended to, whole stream divided by its first quarter",
            OverSeeds.Mean(arms[Ltri].Select(a => a.Attended / a.AttendedEarly)), 1.3);
    }

    private static ResultTable Means(Dictionary<string, List<StreamArm>> arms) => new(
        "Means over seeds", ["way", "accuracy", "evidence recall", "keys for a token", "index, share of the keys"],
        [.. arms.Select(way => (IReadOnlyList<string>)[
            way.Key, $"{way.Value.Average(a => a.Right.Average()):P1}", $"{way.Value.Average(a => a.Recall.Average()):P1}", $"{way.Value.Average(a => a.Attended):0}",
            $"{way.Value.Average(a => a.IndexShare):P1}"])]);

    private static ResultTable ByPlace(Dictionary<string, List<StreamArm>> arms) => new(
        "Accuracy by place of the fact in the stream", ["way", "first quarter", "second", "third", "last"],
        [.. Ways.Select(way => (IReadOnlyList<string>)[way.Name, .. Enumerable.Range(0, Quarters).Select(q => Place(arms[way.Name], q))])]);

    private static string Place(List<StreamArm> arms, int quarter)
    {
        double[] right = [.. arms.SelectMany(arm => arm.Right.Zip(arm.Place)).Where(pair => (int)(pair.Second * Quarters) == quarter).Select(pair => pair.First)];
        return right.Length == 0 ? "" : $"{right.Average():P0} of {right.Length}";
    }

    /// <summary>Layers of the heads that copy at least half as often as the best one: where evidence has to be.</summary>
    private static int[] CopyingLayers(TextModel model, RunContext run)
    {
        IReadOnlyList<HeadScore> heads = RetrievalHeads.Detect(model, LongContextTasks.Named("niah_single_2").Take(RecallEvaluation.Options(model, 256), run.Seed, 4), run);
        return [.. heads.Where(head => head.Score >= heads[0].Score / 2).Select(head => head.Layer).Distinct()];
    }
}
