using System.Text.Json.Nodes;
using Hone.Inference.Embedding;
using Hone.Models.Decoder;
using Hone.Models.Encoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Tensors;
using Hone.Tests.Models.Decoder;

namespace Hone.Tests.Models.Encoder;

/// <summary>BERT against float64 results of transformers 5.2.0; MiniLM's sentence vectors against sentence-transformers 6.2.0.</summary>
public sealed class EncoderGoldenTests
{
    [Theory]
    [InlineData("bert")]
    [InlineData("bert_classifier")]
    [InlineData("bert_mlm")]
    public void Hidden_states_pooler_and_heads(string name)
    {
        string folder = SharedData.Require($"{GoldenModel.Folder}/{name}");
        JsonObject expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expected.json")))!.AsObject();
        using SafetensorsFile values = new(Path.Combine(folder, "expected.safetensors"));
        EncoderModel model = EncoderLoader.Load(folder);
        int[] lengths = [.. expected["attention_mask"]!.AsArray().Select(row => GoldenModel.Ints(row!).Sum())];
        EncoderBatch batch = new(Cut(expected["input_ids"]!, lengths), Cut(expected["token_type_ids"]!, lengths));
        using Tape tape = new(recording: false);
        SecondToken tap = new(model.Config.HiddenSize);
        Tensor hidden = model.Hidden(tape, batch, tap);
        Assert.True(GoldenModel.MaxDifference(tap.States.ToArray(), All(values, "hidden_row0_token1")) < 2e-4);
        Compare(Unpadded(values, "hidden_states_last_layer", lengths), hidden);
        if (values.Entries.ContainsKey("pooler_output")) Compare(All(values, "pooler_output"), model.Pooled(tape, hidden, batch.Segments));
        if (!values.Entries.ContainsKey("logits")) return;
        Compare(name == "bert_mlm" ? Unpadded(values, "logits", lengths) : All(values, "logits"), model.Logits(tape, hidden, batch.Segments));
    }

    [Fact]
    public void MiniLm_ids_and_sentence_vectors()
    {
        Embedder embedder = Embedder.Load(SharedData.Require("models/all-minilm-l6-v2"));
        Assert.Equal(new EmbeddingSettings(Pooling.Mean, UnitLength: true, MaxTokens: 256), embedder.Settings);
        JsonObject[] rows = [.. File.ReadLines(SharedData.Require("data/golden/inference/minilm/texts.jsonl")).Select(line => JsonNode.Parse(line)!.AsObject())];
        using SafetensorsFile values = new(SharedData.Require("data/golden/inference/minilm/embeddings.safetensors"));
        float[] expected = All(values, "embeddings");
        Assert.Equal(30, rows.Length);
        foreach (JsonObject row in rows) Assert.Equal(GoldenModel.Ints(row["input_ids"]!), embedder.Tokenize((string)row["text"]!));
        Parity.Count(rows.Length, rows.Length, test: "MiniLM token ids");
        IReadOnlyList<float[]> vectors = embedder.Embed([.. rows.Select(row => (string)row["text"]!)]);
        for (int i = 0; i < rows.Length; i++)
            Assert.True(Parity.Difference(GoldenModel.MaxDifference(vectors[i], expected.AsSpan(i * vectors[i].Length, vectors[i].Length)), 1e-5) < 1e-5);
        Assert.Equal(expected.Length, vectors.Sum(v => v.Length));
    }

    [Theory]
    [InlineData(Pooling.Mean, new[] { 2f, 3f })]
    [InlineData(Pooling.First, new[] { 1f, 5f })]
    [InlineData(Pooling.Last, new[] { 3f, 1f })]
    [InlineData(Pooling.Max, new[] { 3f, 5f })]
    [InlineData(Pooling.MeanSqrtLength, new[] { 2.828427f, 4.2426405f })]
    public void Poolings_by_hand(Pooling pooling, float[] expected)
    {
        float[] states = [1, 5, 3, 1]; // two tokens of two channels
        Assert.True(GoldenModel.MaxDifference(VectorPooling.Pool(states, 2, new EmbeddingSettings(pooling, UnitLength: false)), expected) < 1e-6);
        float[] unit = VectorPooling.Pool(states, 2, new EmbeddingSettings(pooling));
        Assert.Equal(1, unit[0] * unit[0] + unit[1] * unit[1], 1e-6);
    }

    private static void Compare(float[] expected, Tensor actual) =>
        Assert.True(Parity.Difference(GoldenModel.MaxDifference(actual.Data, expected), 2e-4, member: nameof(Hidden_states_pooler_and_heads)) < 2e-4);

    private static int[][] Cut(JsonNode rows, int[] lengths) => [.. rows.AsArray().Select((row, i) => GoldenModel.Ints(row!)[..lengths[i]])];

    private static float[] All(SafetensorsFile file, string name)
    {
        WeightEntry entry = file.Entries[name];
        float[] values = new float[entry.Count];
        file.ReadRows(name, 0, entry.Rows, values);
        return values;
    }

    private static float[] Unpadded(SafetensorsFile file, string name, int[] lengths)
    {
        WeightEntry entry = file.Entries[name];
        int padded = (int)entry.Shape[1], width = (int)entry.Shape[2];
        float[] all = All(file, name);
        return [.. lengths.SelectMany((length, row) => all.Skip(row * padded * width).Take(length * width))];
    }

    private sealed class SecondToken(int width) : IForwardTap
    {
        public List<float> States { get; } = [];

        public void Hidden(int layer, Tensor hidden) => States.AddRange(hidden.Data.Slice(width, width));
    }
}
