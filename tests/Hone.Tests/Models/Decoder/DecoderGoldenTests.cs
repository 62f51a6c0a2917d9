using System.Text.Json.Nodes;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Ops;

namespace Hone.Tests.Models.Decoder;

/// <summary>Forward passes of every family against float64 results of transformers 5.2.0.</summary>
public sealed class DecoderGoldenTests
{
    private const double Tolerance = 2e-4, LongTolerance = 5e-4;

    public static TheoryData<string> Names =>
    [
        "llama_gqa", "llama_tied", "llama_rope_dynamic", "llama_rope_linear", "llama_rope_llama3", "llama_rope_yarn", "mistral", "mixtral",
        "olmo2", "phi3", "phi3_longrope", "qwen2", "qwen2_sliding", "qwen3", "qwen3_moe", "smollm3", "gemma2", "gemma3", "gpt2",
    ];

    [Theory, MemberData(nameof(Names))]
    public void Logits_and_log_probabilities(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        foreach (string prompt in new[] { "a", "b" })
        {
            int[] ids = golden.Prompt(prompt);
            double difference = Parity.Difference(GoldenModel.MaxDifference(golden.Logits(ids), golden.Tensor($"logits_{prompt}")), Tolerance);
            Assert.True(difference < Tolerance, $"{name} {prompt}: {difference}");
            Assert.True(Parity.Difference(GoldenModel.MaxDifference(LogProbs(golden, ids), GoldenModel.Floats(golden.Expected["logprobs"]![prompt]!)), Tolerance) < Tolerance);
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Batch_of_two_lengths(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        JsonNode batch = golden.Expected["batch"]!;
        int[][] rows = [.. Enumerable.Range(0, 2).Select(r => Unpad(batch, r))];
        float[] logits = golden.Logits(rows), expected = golden.Tensor("logits_batch");
        int vocabulary = golden.Model.Config.VocabularySize, padded = batch["input_ids"]![0]!.AsArray().Count, done = 0;
        for (int r = 0; r < 2; r++)
        {
            int count = rows[r].Length * vocabulary;
            double difference = Parity.Difference(GoldenModel.MaxDifference(
                logits.AsSpan(done, count), expected.AsSpan(((r + 1) * padded - rows[r].Length) * vocabulary, count)), Tolerance);
            Assert.True(difference < Tolerance, $"{name} row {r}: {difference}");
            done += count;
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Long_input(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        if (golden.Expected["long"] is not { } input) return; // recorded where position scaling or windows depend on length
        int[] ids = GoldenModel.Ints(input["input_ids"]!);
        float[] logits = golden.Logits(ids), expected = golden.Tensor("logits_long");
        int vocabulary = golden.Model.Config.VocabularySize, row = 0;
        foreach (int position in GoldenModel.Ints(input["positions"]!))
        {
            double difference = Parity.Difference(GoldenModel.MaxDifference(
                logits.AsSpan(position * vocabulary, vocabulary), expected.AsSpan(row++ * vocabulary, vocabulary)), LongTolerance);
            Assert.True(difference < LongTolerance, $"{name} position {position}: {difference}");
        }
    }

    [Theory, MemberData(nameof(Names))]
    public void Hidden_states_of_every_layer(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        int[] ids = golden.Prompt("b");
        LastToken tap = new(golden.Model.Config.HiddenSize);
        using Tape tape = new(recording: false);
        golden.Model.Hidden(tape, TokenBatch.Of(ids), new ForwardState { Tap = tap });
        Assert.Equal(golden.Model.Config.Layers + 1, tap.Calls);
        Assert.True(Parity.Difference(GoldenModel.MaxDifference(tap.States.ToArray(), golden.Tensor("hidden_b_last")), Tolerance) < Tolerance);
    }

    [Theory, MemberData(nameof(Names))]
    public void Settings_in_the_spelling_of_version_4(string name)
    {
        string folder = SharedData.Require($"{GoldenModel.Folder}/{name}");
        Assert.SkipUnless(File.Exists(Path.Combine(folder, "config.v4.json")), "no rotary positions: both spellings are the same");
        using GoldenModel golden = new(folder, "config.v4.json");
        Assert.True(Parity.Difference(GoldenModel.MaxDifference(golden.Logits(golden.Prompt("b")), golden.Tensor("logits_b")), Tolerance) < Tolerance);
    }

    /// <summary>A model saved and loaded again has the same weights and the same settings.</summary>
    [Theory, MemberData(nameof(Names))]
    public void Saved_and_loaded(string name)
    {
        using GoldenModel golden = GoldenModel.Shared(name);
        string folder = Directory.CreateTempSubdirectory("hone-save-").FullName;
        Hone.Models.Loading.ModelSaver.Save(folder, golden.Model);
        LanguageModel again = Hone.Models.Loading.ModelLoader.Load(folder).Model;
        Assert.Equal(golden.Model.Parameters.Select(p => p.Name), again.Parameters.Select(p => p.Name));
        foreach (Parameter parameter in golden.Model.Parameters)
            Assert.True(parameter.Value.Data.SequenceEqual(again[parameter.Name].Value.Data), parameter.Name);
        using Tape tape = new(recording: false);
        float[] logits = again.Logits(tape, again.Hidden(tape, TokenBatch.Of(golden.Prompt("b")))).Data.ToArray();
        Assert.Equal(golden.Logits(golden.Prompt("b")), logits);
        Directory.Delete(folder, recursive: true);
    }

    private static float[] LogProbs(GoldenModel golden, int[] ids)
    {
        using Tape tape = new(recording: false);
        Tensor hidden = golden.Model.Hidden(tape, TokenBatch.Of(ids));
        int[] targets = [.. ids.Skip(1), HeadOptions.Ignore];
        return tape.HeadLogProbs(hidden, golden.Model.Head.Weight.Value, targets, golden.Model.HeadOptions).Data[..^1].ToArray();
    }

    private static int[] Unpad(JsonNode batch, int row)
    {
        int[] ids = GoldenModel.Ints(batch["input_ids"]![row]!), mask = GoldenModel.Ints(batch["attention_mask"]![row]!);
        return [.. ids.Where((_, i) => mask[i] == 1)];
    }

    private sealed class LastToken(int width) : IForwardTap
    {
        public List<float> States { get; } = [];

        public int Calls { get; private set; }

        public void Hidden(int layer, Tensor hidden)
        {
            Assert.Equal(Calls++, layer);
            States.AddRange(hidden.Data[^width..]);
        }
    }
}
