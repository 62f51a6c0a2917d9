using System.Text.Json.Nodes;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Training;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Tests.Training;

/// <summary>
/// Losses, token log-probabilities and gradients of whole models. Hone lays sequences one after the other, so padded and packed
/// batches of the reference are one batch here.
/// </summary>
public class StepGoldenTests
{
    private const string Folder = GoldenModels.Folder + "steps/";

    [Fact]
    public void Padded_packed_and_accumulated_batches_give_the_recorded_losses_and_gradients()
    {
        int done = 0;
        foreach (JsonObject row in GoldenJson.Rows(Folder + "steps.jsonl"))
        {
            string id = (string)row["id"]!;
            LanguageModel model = GoldenModels.Load($"models/{row["model"]}");
            List<TrainingExample> examples = Examples(row);
            TrainOptions options = new() { MicroTokens = (string)row["case"]! == "accumulated" ? 1 : 4096, Lr = 0, WeightDecay = 0 };
            MetricTap tap = new(model);
            using Trainer trainer = new(model.Parameters, tap, options);
            StepResult result = trainer.Step(examples, 0, 0);
            Assert.Equal((double)row["num_target_tokens"]!, result.Weight);
            GoldenModels.Near((double)row["loss"]!, result.Loss, 1e-6, id);
            GoldenModels.Near((double)row["grad_norm"]!, result.GradNorm, 1e-5, id + " gradient norm");
            if (row["micro"] is JsonArray micro) CheckMicro(micro, tap, id);
            if (row["grad_norms"] is JsonObject norms) CheckGradients(norms, model, examples, id);
            if (row["token_logps"] is JsonNode logps) CheckLogProbs(row, logps, model, examples, id);
            if (row["cu_seq_lens"] is JsonNode starts) CheckLayout(row, starts, examples);
            if (row["label_smoothing_0.1"] is JsonNode smoothed) CheckSmoothing(row, smoothed, model, examples, id);
            done++;
        }
        GoldenJson.AllDone(15, done);
    }

    private static List<TrainingExample> Examples(JsonObject row)
    {
        int[][] ids = Ints(row["sequences"]!);
        return [.. ids.Select((s, i) => new TrainingExample(row["labels"] is JsonNode labels
            ? new TrainingSequence(s, [.. Ints(labels)[i].Select(l => l == -100 ? 0f : 1f)])
            : TrainingSequence.Whole(s)))];
    }

    private static void CheckMicro(JsonArray micro, MetricTap tap, string id)
    {
        Assert.Equal(micro.Count, tap.Parts.Count);
        for (int i = 0; i < micro.Count; i++)
        {
            Assert.Equal((double)micro[i]!["tokens"]!, tap.Parts[i].Weight);
            GoldenModels.Near((double)micro[i]!["loss_sum"]!, tap.Parts[i].Sum, 1e-6, $"{id} micro-batch {i}");
        }
    }

    private static void CheckGradients(JsonObject norms, LanguageModel model, List<TrainingExample> examples, string id)
    {
        using Tape tape = new();
        WeightedLoss loss = new SupervisedObjective(model).Compute(tape, TrainingBatch.Of(examples), new MetricSums());
        tape.Backward(loss.Sum, (float)(1 / loss.Weight));
        Assert.Equal(norms.Select(n => n.Key).Order(), model.Parameters.Select(p => p.Name).Order());
        foreach (Parameter parameter in model.Parameters)
        {
            double norm = Math.Sqrt(parameter.Value.Grad.ToArray().Sum(g => (double)g * g));
            GoldenModels.Near((double)norms[parameter.Name]!, norm, 1e-5, $"{id} gradient of {parameter.Name}");
        }
        if (id != "llama/right_pad") return;
        using SafetensorsFile file = new(SharedData.Require(Folder + "llama.grads.safetensors"));
        foreach (Parameter parameter in model.Parameters)
            GoldenModels.Near(GoldenModels.Recorded(file, file.Entries.Keys.Single(k => k.EndsWith(parameter.Name, StringComparison.Ordinal))), parameter.Value.Grad.ToArray(), 1e-6, parameter.Name);
    }

    private static void CheckLogProbs(JsonObject row, JsonNode recorded, LanguageModel model, List<TrainingExample> examples, string id)
    {
        // Log-probabilities at targets, in order: padding and row borders have none.
        double[] expected = [.. GoldenJson.Flat(recorded).Where(x => x != 0)];
        using Tape tape = new(recording: false);
        TrainingBatch batch = TrainingBatch.Of(examples);
        Tensor hidden = model.Hidden(tape, new TokenBatch(batch.Tokens, batch.Positions, batch.Segments));
        float[] actual = [.. tape.HeadLogProbs(hidden, model.Head.Weight.Value, batch.Targets, model.HeadOptions).Data.ToArray().Where((_, i) => batch.Targets[i] >= 0)];
        GoldenModels.Near([.. expected.Select(x => (float)x)], actual, 1e-5, $"{id} log-probabilities");
        Assert.Equal((int)row["num_target_tokens"]!, actual.Length);
    }

    private static void CheckLayout(JsonObject row, JsonNode starts, List<TrainingExample> packed)
    {
        TrainingBatch batch = TrainingBatch.Of([new TrainingExample([.. packed.SelectMany(e => e.Sequences)])]);
        Assert.Equal(starts.AsArray().Select(n => (int)n!), batch.Segments.Starts.ToArray());
        Assert.Equal(Ints(row["position_ids"]!)[0], batch.Positions);
        int[] labels = Ints(row["batch_labels"]!)[0];
        Assert.Equal([.. labels[1..], -100], batch.Targets);
    }

    private static void CheckSmoothing(JsonObject row, JsonNode smoothed, LanguageModel model, List<TrainingExample> examples, string id)
    {
        TrainingBatch batch = TrainingBatch.Of(examples);
        using Tape tape = new();
        Tensor hidden = model.Hidden(tape, new TokenBatch(batch.Tokens, batch.Positions, batch.Segments));
        Tensor loss = tape.LinearCrossEntropy(hidden, model.Head.Weight.Value, batch.Targets, batch.Weights, model.HeadOptions with { LabelSmoothing = 0.1f });
        GoldenModels.Near((double)smoothed["loss"]!, loss.Item() / batch.TotalWeight, 2e-6, id + " smoothed");
        Tensor squared = tape.LinearCrossEntropy(hidden, model.Head.Weight.Value, batch.Targets, batch.Weights, model.HeadOptions with { ZLoss = 1 });
        GoldenModels.Near((double)row["z_loss_mean_lse_squared"]!, squared.Item() / batch.TotalWeight - (double)row["loss"]!, 1e-5, id + " z-loss");
        (_, Tensor entropy) = tape.HeadLogProbsAndEntropy(hidden, model.Head.Weight.Value, batch.Targets, model.HeadOptions);
        GoldenModels.Near((double)row["entropy_mean"]!, entropy.Data.ToArray().Sum(e => (double)e) / batch.TotalWeight, 1e-5, id + " entropy");
    }

    private static int[][] Ints(JsonNode node) => [.. node.AsArray().Select(r => (int[])[.. r!.AsArray().Select(n => (int)n!)])];

    private sealed class MetricTap(LanguageModel model) : IObjective
    {
        private readonly SupervisedObjective inner = new(model);

        public List<(double Sum, double Weight)> Parts { get; } = [];

        public string Name => inner.Name;

        public WeightedLoss Compute(Tape tape, TrainingBatch batch, MetricSums metrics)
        {
            WeightedLoss loss = inner.Compute(tape, batch, metrics);
            Parts.Add((loss.Sum.Item(), loss.Weight));
            return loss;
        }
    }
}
