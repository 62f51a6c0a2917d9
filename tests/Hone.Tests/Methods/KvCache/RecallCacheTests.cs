using Hone.Core.Recipes;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Methods.KvCache;
using Hone.Methods.LtriLlm;

namespace Hone.Tests.Methods.KvCache;

/// <summary>Caches under a model that really looks things up: what a policy keeps decides what is answered.</summary>
public sealed class RecallCacheTests
{
    private const int Length = 384, Samples = 6;

    private static readonly Lazy<TextModel> Recall = new(() => TextModel.Open(Path.Combine(SharedData.RepositoryRoot, "models", "seed-recall")));

    private static readonly ComponentRegistry Components = new ComponentRegistry().Scan(typeof(KvOptions).Assembly);

    [Theory]
    [InlineData(0.95, 1)]
    [InlineData(0.3, 0)]
    public void First_and_newest_tokens_answer_inside_their_window_and_not_outside(double depth, double expected) =>
        Assert.Equal(expected, Score("policy=streaming_llm,keep=0.25", depth, queryAware: false));

    [Fact]
    public void Keeping_the_needle_the_first_and_the_newest_tokens_is_enough()
    {
        double full = 0, oracle = 0;
        foreach (LongContextSample sample in Needles(null))
        {
            StreamTask task = StreamTask.Of(Recall.Value, sample);
            KvPrompt prompt = new(sample, task.Context, task.Question);
            HashSet<int> wanted = [.. task.Evidence, .. Enumerable.Range(0, 4), .. Enumerable.Range(task.Context.Length - 32, 32)];
            KvOptions options = new() { Policy = Using.Component<IKvPolicy>("oracle", () => new OraclePolicy(wanted)), Tokens = wanted.Count };
            full += Answer(prompt, new KvOptions());
            oracle += Answer(prompt, options);
        }
        Assert.True(oracle >= full - 0.02 * Samples, $"{oracle} of {full}");
        Assert.True(full >= 0.9 * Samples);
    }

    [Fact]
    public void A_policy_that_saw_the_question_keeps_the_answer_and_chance_does_not()
    {
        double snap = Score("policy=snapkv,window=4,keep=0.25", null, queryAware: true), random = Score("policy=random,keep=0.25", null, queryAware: true), knorm = Score("policy=knorm,keep=0.25", null, queryAware: true);
        Assert.True(snap >= 0.8 && random <= snap - 0.3 && knorm <= snap, $"snapkv {snap}, random {random}, knorm {knorm}");
    }

    private static double Score(string settings, double? depth, bool queryAware) => Needles(depth).Average(sample =>
    {
        StreamTask task = StreamTask.Of(Recall.Value, sample);
        KvPrompt prompt = queryAware ? new(sample, [.. task.Context, .. task.Question[..^1]], task.Question[^1..]) : new(sample, task.Context, task.Question);
        return Answer(prompt, KvPlan.Parse(settings, Components));
    });

    private static double Answer(KvPrompt prompt, KvOptions options)
    {
        KvPlan plan = new(options, Recall.Value.Model);
        return new KvRunner(Recall.Value, _ => new PolicyKvCache(plan)).Answer(prompt).Score;
    }

    private static IReadOnlyList<LongContextSample> Needles(double? depth) => LongContextTasks.Named("niah_multikey_1").Take(
        new() { Length = Length, Wording = TaskWording.Compact, CountTokens = text => Recall.Value.Tokenizer.Encode(text).Length, Depth = depth }, 5, Samples);

    /// <summary>Keeps tokens it is told.</summary>
    private sealed class OraclePolicy(IReadOnlySet<int> wanted) : IKvPolicy
    {
        public ILayerScorer Scorer(KvLayer layer) => new Oracle(wanted);

        private sealed class Oracle(IReadOnlySet<int> wanted) : ILayerScorer
        {
            public void Score(IKvView view, KvTarget target, float[][] scores)
            {
                for (int head = 0; head < scores.Length; head++)
                    for (int slot = 0; slot < scores[head].Length; slot++) scores[head][slot] = wanted.Contains(view.Positions(head)[slot]) ? 1 : 0;
            }
        }
    }
}
