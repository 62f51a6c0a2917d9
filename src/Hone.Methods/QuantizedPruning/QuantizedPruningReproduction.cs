using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.KvCache;
using Hone.Methods.Tasks;
using Hone.Methods.TinyLm;

namespace Hone.Methods.QuantizedPruning;

/// <summary>
/// The small-scale experiment of the card on the built-in recall model: retrieval with caches of equal size, fewer tokens exactly
/// against more tokens roughly. Differs: heads of 32 numbers, so that groups have 32 and scales weigh twice what they do in large
/// models (4 bits are 5 in truth); equal bytes are counted with them.
/// </summary>
[Reproduces("quantized-pruning")]
public sealed class QuantizedPruningReproduction : IReproduction
{
    private static readonly string[] Tasks = ["niah_single_1", "niah_multikey_1", "niah_multikey_2"];

    private const double Generous = 0.25, Small = 1.0 / 16;

    public Task<ReproductionResult> RunAsync(ReproductionOptions options, RunContext run)
    {
        string path = RecallModel.Require();
        using IProgressTask progress = run.Reporter.Start("quantized-pruning", options.Seeds * (long)Tasks.Length, "tasks");
        Dictionary<string, double[]>[] parts = SideBySide.Run([.. from s in Enumerable.Range(0, options.Seeds) from task in Tasks select (Func<Dictionary<string, double[]>>)(() =>
        {
            KvEvaluationOptions tasks = new()
            {
                Tasks = [task],
                Length = options.IsQuick ? 192 : 512,
                Samples = options.IsQuick ? 3 : 24,
                QueryAware = true,
                SpeedTokens = 0,
                Seed = run.Seed + s,
            };
            Dictionary<string, double[]> scores = Measure(path, tasks, new RunContext("", run.Seed, null, run.Cancellation));
            progress.Advance(1, $"seed {s + 1}, {task}");
            return scores;
        })]);
        Dictionary<string, List<double>> scores = parts[0].Keys.ToDictionary(name => name, name => parts.SelectMany(part => part[name]).ToList());
        return Task.FromResult(new ReproductionResult([.. Claims(scores, run.Seed)], [Table(scores)]));
    }

    /// <summary>[prompts] of every setting, on a model of its own.</summary>
    private static Dictionary<string, double[]> Measure(string path, KvEvaluationOptions tasks, RunContext run)
    {
        ComponentRegistry components = new ComponentRegistry().Scan(typeof(KvOptions).Assembly);
        Dictionary<string, double[]> scores = [];
        TextModel model = TextModel.Open(path);
        KvEvaluation plain = new(model, tasks, null, run);
        foreach (string setting in Settings(model, tasks.Length)) Add(plain, setting, setting);
        TextModel outliers = TextModel.Open(path);
        OutlierChannels.Plant(outliers.Model, 20);
        KvEvaluation planted = new(outliers, tasks, null, run);
        foreach (int bits in (int[])[4, 2])
            foreach (string format in (string[])["kivi", "token"])
                Add(planted, Planted(format, bits), $"policy=snapkv,window=8,keep=0.5,format={format},bits={bits},group=32,residual={(format == "kivi" ? 32 : 0)}");
        return scores;

        void Add(KvEvaluation evaluation, string name, string setting) =>
            scores[name] = [.. evaluation.Measure(name, KvPlan.Parse(setting, components, "quantized-pruning"), measureSpeed: false).Scores];
    }

    private static string Planted(string format, int bits) => $"outliers, {format}, {bits} bits";

    private static IEnumerable<string> Settings(TextModel model, int length)
    {
        foreach (int bits in (int[])[16, 8, 4, 2]) yield return Fixed(bits);
        foreach (string policy in (string[])["snapkv", "h2o"])
            foreach (double share in (double[])[Small, Generous])
                foreach (int bits in (int[])[16, 8, 4])
                    if (policy == "snapkv" || share == Small) yield return EqualBytes(policy, share, bits, model.Model.Config.KvHeads, model.Model.Config.HeadSize, length);
        foreach (string policy in (string[])["h2o,window=8", "streaming_llm", "pyramidkv,window=8"]) yield return $"policy={policy},keep=0.125,bits=16";
        yield return "policy=snapkv,window=8,keep=0.125,bits=16";
    }

    /// <summary>The same tokens at every precision: all of them, rounded by token.</summary>
    private static string Fixed(int bits) => bits == 16 ? "policy=snapkv,window=8,keep=0.5,bits=16" : $"policy=snapkv,window=8,keep=0.5,format=token,bits={bits},group=32,residual=0";

    private static string EqualBytes(string policy, double share, int bits, int kvHeads, int headSize, int length)
    {
        int budget = Math.Max(8, (int)(share * length));
        int tokens = TradeOffGrid.Equal(budget, length, kvHeads, headSize, Math.Min(32, headSize)).First(point => point.Bits == bits).Tokens;
        string rounding = bits == 16 ? "bits=16" : $"format=token,bits={bits},group=32,residual=0";
        return $"policy={policy},window=8,tokens={tokens},{rounding}";
    }

    private static IEnumerable<Claim> Claims(Dictionary<string, List<double>> scores, long seed)
    {
        Measured Gap(string a, string b) => Paired.Difference(scores[a], scores[b], seed);
        double exact = scores[Fixed(16)].Average();
        yield return Claim.AtLeast("The same tokens in 8 bits answer as well as in 16.", "difference of the share answered", Gap(Fixed(8), Fixed(16)), -0.005);
        yield return Claim.AtLeast("The same tokens in 4 bits answer almost as well.", "difference of the share answered", Gap(Fixed(4), Fixed(16)), -0.02);
        yield return Claim.AtMost("The same tokens in 2 bits answer clearly worse.", "difference of the share answered", Gap(Fixed(2), Fixed(16)), -0.05, $"In 16 bits {exact:P1} are answered; the card asks for at least 70 %.");
        foreach (string policy in (string[])["snapkv", "h2o"])
        {
            string[] small = [.. scores.Keys.Where(k => k.StartsWith($"policy={policy},window=8,tokens=", StringComparison.Ordinal))];
            (string sixteen, string eight, string four) = (small[0], small[1], small[2]);
            yield return Claim.AtLeast($"With a sixteenth of the bytes, {policy} answers more with more tokens in 4 bits than with few in 16.", "difference of the share answered", Gap(four, sixteen), 0.05);
            yield return Claim.AtLeast($"… and not less than in 8 bits ({policy}).", "difference of the share answered", Gap(four, eight), 0);
            yield return Claim.AtLeast($"… which are not worse than 16 ({policy}).", "difference of the share answered", Gap(eight, sixteen), 0);
            if (small.Length < 6) continue;
            yield return Claim.AtLeast("With a quarter of the bytes the precisions are within two points of each other: 4 against 16 bits.", "difference of the share answered", Gap(small[5], small[3]), -0.02);
            yield return Claim.AtMost("… and not more than two points better.", "difference of the share answered", Gap(small[5], small[3]), 0.02);
        }
        const string Snap = "policy=snapkv,window=8,keep=0.125,bits=16", H2o = "policy=h2o,window=8,keep=0.125,bits=16", Streaming = "policy=streaming_llm,keep=0.125,bits=16", Pyramid = "policy=pyramidkv,window=8,keep=0.125,bits=16";
        yield return Claim.AtLeast("Knowing the question, SnapKV answers at least as much as H2O.", "difference of the share answered", Gap(Snap, H2o), 0);
        yield return Claim.AtLeast("H2O answers at least as much as the first and newest tokens.", "difference of the share answered", Gap(H2o, Streaming), 0);
        yield return Claim.AtLeast("PyramidKV is about as good as SnapKV.", "difference of the share answered", Gap(Pyramid, Snap), -0.05);
        foreach (int bits in (int[])[4, 2])
            yield return Claim.AtLeast($"With outlier channels, keys by channel clearly beat keys by token at {bits} bits.", "difference of the share answered", Gap(Planted("kivi", bits), Planted("token", bits)), 0.05);
    }

    private static ResultTable Table(Dictionary<string, List<double>> scores) => new("Share answered", ["setting", "answered", "prompts"],
        [.. scores.Select(pair => (IReadOnlyList<string>)[pair.Key, $"{pair.Value.Average():P1}", $"{pair.Value.Count}"])]);
}
