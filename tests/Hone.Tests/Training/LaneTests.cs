using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Tests.Training;

/// <summary>Threads that take examples of their own give the gradients of one thread, and the same bits every time.</summary>
public class LaneTests
{
    private static LanguageModel Model()
    {
        ModelConfig config = ModelConfig.FromJson(new System.Text.Json.Nodes.JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = 50,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 48,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["max_position_embeddings"] = 256,
            ["rms_norm_eps"] = 1e-5,
            ["hidden_act"] = "silu",
            ["rope_theta"] = 10000.0,
            ["tie_word_embeddings"] = true,
        });
        LanguageModel model = new(config);
        ModelInit.Randomise(model, new RandomStream(1, "test/weights"));
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
        return model;
    }

    private static TrainingExample[] Examples()
    {
        RandomStream random = new(2, "test/tokens");
        return [.. Enumerable.Range(0, 9).Select(i => new TrainingExample(TrainingSequence.Whole([.. Enumerable.Range(0, 40 + 11 * i).Select(_ => random.Next(50))])))];
    }

    private static (float[] Weights, double[] Losses) Train(int threads, int microTokens, bool metrics = false)
    {
        LanguageModel model = Model();
        using WorkerPool workers = new(threads);
        SupervisedObjective objective = new(model) { LogsMetrics = metrics };
        using Trainer trainer = new(model.Parameters, objective, new TrainOptions { Lr = 1e-3, Optimizer = "sgd", Batch = 9, MicroTokens = microTokens }, workers: workers);
        double[] losses = [.. Enumerable.Range(0, 3).Select(step => trainer.Step(Examples(), step, 0.1).Loss)];
        return ([.. model.Parameters.SelectMany(p => p.Value.Data.ToArray())], losses);
    }

    [Theory]
    [InlineData(2, 4096)]
    [InlineData(3, 4096)]
    [InlineData(2, 300)]
    public void LanesTrainAsOneThreadDoes(int threads, int microTokens)
    {
        (float[] expected, double[] expectedLosses) = Train(1, 4096);
        (float[] weights, double[] losses) = Train(threads, microTokens);
        for (int i = 0; i < losses.Length; i++) Assert.Equal(expectedLosses[i], losses[i], 1e-5);
        for (int i = 0; i < weights.Length; i++) Assert.True(Math.Abs(weights[i] - expected[i]) < 2e-5, $"weight {i}: {weights[i]} and {expected[i]}");
        Assert.NotEqual(losses[0], losses[2]);
    }

    [Fact]
    public void SameThreadsGiveTheSameBits()
    {
        (float[] first, _) = Train(2, 4096);
        (float[] second, _) = Train(2, 4096);
        Assert.Equal(first, second);
    }

    [Fact]
    public void MetricsOfLanesAddUp()
    {
        LanguageModel model = Model();
        double Logged(int threads, string name)
        {
            using WorkerPool workers = new(threads);
            using Trainer trainer = new(model.Parameters, new SupervisedObjective(model) { LogsMetrics = true }, new TrainOptions { Batch = 9 }, workers: workers);
            return trainer.Step(Examples(), 0, 0).Metrics.Single(m => m.Key == name).Value;
        }
        foreach (string name in new[] { "entropy", "mean_token_accuracy", "num_tokens" }) Assert.Equal(Logged(1, name), Logged(2, name), 1e-5);
        Assert.Equal(Examples().Sum(e => e.Tokens), Logged(2, "num_tokens"));
    }

    [Fact]
    public void SplitsEvenlyWithoutLosingExamples()
    {
        TrainingExample[] examples = Examples();
        List<TrainingBatch> parts = TrainingBatch.SplitEvenly(examples, 4);
        Assert.Equal(4, parts.Count);
        Assert.Equal(examples, parts.SelectMany(p => p.Examples));
        int most = examples.Max(e => e.Tokens), share = examples.Sum(e => e.Tokens) / 4;
        Assert.All(parts, p => Assert.InRange(p.Tokens.Length, share - most, share + most));
    }

    [Fact]
    public void AdaptersWithSharedMemoryDoNotRunSideBySide()
    {
        LanguageModel model = Model();
        Assert.True(model.IsConcurrent);
        LoraModel.Attach(model, new LoraConfig { Rank = 2, Alpha = 4, Dora = true }, new RandomStream(3, "test/lora"));
        Assert.False(model.IsConcurrent);
    }
}
