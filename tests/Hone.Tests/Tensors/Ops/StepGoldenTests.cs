using System.Text.Json;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;

namespace Hone.Tests.Tensors.Ops;

/// <summary>Losses and gradients of whole models against transformers and torch autograd in float64.</summary>
public sealed class StepGoldenTests
{
    private const string Folder = "data/golden/training";

    public static TheoryData<string> Ids()
    {
        TheoryData<string> ids = [];
        foreach (string model in new[] { "llama", "llama-tied", "qwen2" })
            foreach (string kind in new[] { "right_pad", "left_pad", "packed", "accumulated", "language_modelling" }) ids.Add($"{model}/{kind}");
        return ids;
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Loss_log_probabilities_and_gradient_norms(string id)
    {
        JsonElement row = Row(id);
        LanguageModel model = Load(row.GetProperty("model").GetString()!);
        int[][] sequences = Matrix(row, "sequences");
        int[] targets = Targets(row, sequences);
        int count = targets.Count(target => target != HeadOptions.Ignore);
        Assert.Equal(row.GetProperty("num_target_tokens").GetInt32(), count);
        using WorkerPool workers = new(2);
        using Tape tape = new(workers);
        double loss = row.GetProperty("case").GetString() == "accumulated"
            ? Accumulate(tape, model, row, sequences, targets, count)
            : Step(tape, model, TokenBatch.Of(sequences), targets, count);
        Assert.Equal(1, loss / row.GetProperty("loss").GetDouble(), 1e-6);
        AssertNorms(model, row);
        if (row.TryGetProperty("token_logps", out JsonElement logProbs)) AssertLogProbs(tape, model, sequences, targets, row, logProbs);
        if (row.TryGetProperty("perplexity", out JsonElement perplexity)) Assert.Equal(1, Math.Exp(loss) / perplexity.GetDouble(), 2e-6);
    }

    private static double Step(Tape tape, LanguageModel model, TokenBatch batch, int[] targets, int count)
    {
        Tensor loss = tape.LinearCrossEntropy(model.Hidden(tape, batch), model.Head.Weight.Value, targets, default, model.HeadOptions);
        double value = loss.Item() / (double)count;
        tape.Backward(loss, 1f / count);
        return value;
    }

    /// <summary>One sequence at a time; all are divided by the targets of the whole step.</summary>
    private static double Accumulate(Tape tape, LanguageModel model, JsonElement row, int[][] sequences, int[] targets, int count)
    {
        double loss = 0;
        int start = 0;
        JsonElement micro = row.GetProperty("micro");
        for (int s = 0; s < sequences.Length; start += sequences[s++].Length)
        {
            double part = Step(tape, model, TokenBatch.Of(sequences[s]), targets[start..(start + sequences[s].Length)], count);
            if (micro.GetArrayLength() == sequences.Length) Assert.Equal(micro[s].GetProperty("loss_sum").GetDouble(), part * count, 2e-4);
            loss += part;
            tape.Reset();
        }
        return loss;
    }

    private static void AssertNorms(LanguageModel model, JsonElement row)
    {
        double total = 0;
        foreach (Parameter parameter in model.Parameters)
        {
            double squares = parameter.Value.Grad.ToArray().Sum(value => (double)value * value);
            total += squares;
            if (row.TryGetProperty("grad_norms", out JsonElement norms))
                Assert.Equal(1, Math.Sqrt(squares) / norms.GetProperty(parameter.Name).GetDouble(), 1e-5);
        }
        Assert.Equal(1, Math.Sqrt(total) / row.GetProperty("grad_norm").GetDouble(), 1e-5);
    }

    /// <summary>The file has them per padded row; ours lie one sequence after the other.</summary>
    private static void AssertLogProbs(Tape tape, LanguageModel model, int[][] sequences, int[] targets, JsonElement row, JsonElement expected)
    {
        float[] logProbs = tape.HeadLogProbs(model.Hidden(tape, TokenBatch.Of(sequences)), model.Head.Weight.Value, targets, model.HeadOptions).Data.ToArray();
        double[] kept = [.. expected.EnumerateArray().SelectMany(line => line.EnumerateArray().Select(value => value.GetDouble())).Where(value => value != 0)];
        float[] own = [.. logProbs.Where((_, t) => targets[t] != HeadOptions.Ignore)];
        Assert.Equal(kept.Length, own.Length);
        for (int i = 0; i < kept.Length; i++) Assert.Equal(kept[i], own[i], 1e-5);
        if (row.GetProperty("case").GetString() != "packed") return;
        Assert.Equal(Matrix(row, "position_ids")[0], TokenBatch.Of(sequences).Positions);
    }

    [Theory]
    [InlineData("llama/language_modelling")]
    [InlineData("llama-tied/language_modelling")]
    [InlineData("qwen2/language_modelling")]
    public void Smoothing_z_loss_entropy_and_accuracy(string id)
    {
        JsonElement row = Row(id);
        LanguageModel model = Load(row.GetProperty("model").GetString()!);
        int[][] sequences = Matrix(row, "sequences");
        int[] targets = Targets(row, sequences);
        int count = targets.Count(target => target != HeadOptions.Ignore);
        using Tape tape = new(recording: false);
        Tensor hidden = model.Hidden(tape, TokenBatch.Of(sequences)), head = model.Head.Weight.Value;
        double plain = Mean(HeadOptions.Default);
        Assert.Equal(row.GetProperty("label_smoothing_0.1").GetProperty("loss").GetDouble(), Mean(new() { LabelSmoothing = 0.1f }), 1e-5);
        Assert.Equal(row.GetProperty("z_loss_mean_lse_squared").GetDouble(), Mean(new() { ZLoss = 1 }) - plain, 2e-4);
        (_, Tensor entropy) = tape.HeadLogProbsAndEntropy(hidden, head, targets);
        Assert.Equal(row.GetProperty("entropy_mean").GetDouble(), tape.Sum(entropy).Item() / count, 1e-5);
        int[] kept = [.. Enumerable.Range(0, targets.Length).Where(t => targets[t] != HeadOptions.Ignore)];
        Tensor logits = tape.HeadLogits(hidden, head, kept), best = tape.MaxLast(logits), chosen = tape.GatherLast(logits, [.. kept.Select(t => targets[t])]);
        Assert.Equal(row.GetProperty("token_accuracy").GetDouble(), kept.Where((_, i) => best.Data[i] == chosen.Data[i]).Count() / (double)count, 1e-8);

        double Mean(HeadOptions options) => tape.LinearCrossEntropy(hidden, head, targets, default, options).Item() / (double)count;
    }

    [Theory]
    [InlineData("llama/language_modelling")]
    [InlineData("llama-tied/language_modelling")]
    [InlineData("qwen2/language_modelling")]
    public void Gradient_norm_under_label_smoothing(string id)
    {
        JsonElement row = Row(id);
        LanguageModel model = Load(row.GetProperty("model").GetString()!);
        int[][] sequences = Matrix(row, "sequences");
        int[] targets = Targets(row, sequences);
        using Tape tape = new();
        Tensor hidden = model.Hidden(tape, TokenBatch.Of(sequences));
        Tensor loss = tape.LinearCrossEntropy(hidden, model.Head.Weight.Value, targets, default, new HeadOptions { LabelSmoothing = 0.1f });
        tape.Backward(loss, 1f / row.GetProperty("num_target_tokens").GetInt32());
        double norm = Math.Sqrt(model.Parameters.Sum(parameter => parameter.Value.Grad.ToArray().Sum(value => (double)value * value)));
        Assert.Equal(1, norm / row.GetProperty("label_smoothing_0.1").GetProperty("grad_norm").GetDouble(), 1e-5);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_gradient_and_logit_of_one_step(bool recompute)
    {
        string folder = SharedData.Require(Folder + "/steps");
        JsonElement row = Row("llama/right_pad");
        LanguageModel model = Load("llama");
        int[][] sequences = Matrix(row, "sequences");
        int[] targets = Targets(row, sequences);
        using Tape tape = new();
        Tensor hidden = model.Hidden(tape, TokenBatch.Of(sequences), new ForwardState { Recompute = recompute });
        tape.Backward(tape.LinearCrossEntropy(hidden, model.Head.Weight.Value, targets), 1f / row.GetProperty("num_target_tokens").GetInt32());
        TensorFile gradients = new(Path.Combine(folder, "llama.grads.safetensors"));
        foreach (Parameter parameter in model.Parameters)
        {
            double[] expected = gradients.Values(parameter.Name);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], parameter.Value.Grad[i], 1e-6);
        }
        AssertLogits(model, sequences, new TensorFile(Path.Combine(folder, "llama.logits.safetensors")));
    }

    private static void AssertLogits(LanguageModel model, int[][] sequences, TensorFile file)
    {
        using Tape tape = new(recording: false);
        float[] logits = model.Logits(tape, model.Hidden(tape, TokenBatch.Of(sequences))).Data.ToArray();
        double[] expected = file.Values("logits");
        int vocabulary = model.Config.VocabularySize, padded = expected.Length / vocabulary / sequences.Length, token = 0;
        for (int s = 0; s < sequences.Length; s++)
            for (int t = 0; t < sequences[s].Length; t++, token++)
                for (int v = 0; v < vocabulary; v++)
                    Assert.Equal(expected[((s * padded) + t) * vocabulary + v], logits[token * vocabulary + v], 4e-6);
    }

    private static JsonElement Row(string id) => File.ReadLines(SharedData.Require(Folder + "/steps/steps.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement).Single(row => row.GetProperty("id").GetString() == id);

    private static LanguageModel Load(string name)
    {
        LanguageModel model = ModelLoader.Load(SharedData.Require($"{Folder}/models/{name}")).Model;
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
        return model;
    }

    private static int[][] Matrix(JsonElement row, string name) =>
        [.. row.GetProperty(name).EnumerateArray().Select(line => line.EnumerateArray().Select(value => value.GetInt32()).ToArray())];

    /// <summary>Each token predicts the next one's label; without labels every next token is one.</summary>
    private static int[] Targets(JsonElement row, int[][] sequences)
    {
        int[][] labels = row.TryGetProperty("labels", out _) ? Matrix(row, "labels") : sequences;
        return [.. labels.SelectMany(line => line.Skip(1).Append(HeadOptions.Ignore))];
    }
}
