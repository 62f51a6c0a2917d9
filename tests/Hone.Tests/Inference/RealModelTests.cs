using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Inference.Chat;
using Hone.Inference.Sampling;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Templates;
using Hone.Tensors;
using Hone.Tensors.Ops;
using Hone.Tests.Models.Decoder;
using Microsoft.Extensions.AI;

namespace Hone.Tests.Inference;

/// <summary>Trained models against recorded values: SmolLM2-135M from its GGUF, stories260K from llama2.c, tiny GGUF files.</summary>
public sealed class RealModelTests
{
    private const string Golden = "data/golden/inference";
    private const string SmolLm2 = "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";

    private static LoadedModel? smolLm2;

    [Fact]
    public void SmolLm2_greedy_continuations()
    {
        LanguageModel model = LoadSmolLm2();
        JsonObject[] rows = [.. Rows("smollm2/greedy.jsonl")];
        IReadOnlyList<GenerationResult> results = new Engine(model).Generate([.. rows.Select(row => new GenerationRequest
        {
            Prompt = GoldenModel.Ints(row["input_ids"]!),
            Sampling = SamplingOptions.Greedy,
            MaxTokens = 40,
            LogProbs = true,
        })]);
        Assert.Equal(10, rows.Length);
        foreach ((JsonObject row, GenerationResult result) in rows.Zip(results))
        {
            Assert.Equal(GoldenModel.Ints(row["greedy"]!), result.Ids);
            Assert.True(Parity.Difference(GoldenModel.MaxDifference(result.LogProbs, GoldenModel.Floats(row["logprobs"]!)), 1e-3) < 1e-3, (string)row["id"]!);
        }
    }

    /// <summary>Template, tokenizer and text of the GGUF file itself: the recorded prompts, ids and answers.</summary>
    [Fact]
    public async Task SmolLm2_chats()
    {
        LoadSmolLm2();
        using LocalChatClient client = new(smolLm2!) { DefaultMaxTokens = 40 };
        int chats = 0;
        foreach (JsonObject row in Rows("smollm2/greedy.jsonl"))
        {
            int[] ids = GoldenModel.Ints(row["input_ids"]!);
            Assert.Equal(ids, smolLm2!.Tokenizer!.Encode((string)row["text"]!, addSpecialTokens: false));
            if (row["messages"] is not JsonArray messages) continue;
            Assert.Equal((string)row["text"]!, smolLm2.Renderer!.Render(new Conversation((JsonArray)messages.DeepClone()) { AddGenerationPrompt = true }));
            ChatMessage[] turns = [.. messages.Select(m => new ChatMessage(new ChatRole((string)m!["role"]!), (string)m["content"]!))];
            ChatResponse response = await client.GetResponseAsync(turns);
            Assert.Equal(((string)row["greedy_text"]!).Replace("<|im_end|>", ""), response.Text);
            Assert.Equal(ids.Length, response.Usage!.InputTokenCount);
            Parity.Count(1, 1);
            chats++;
        }
        Assert.True(chats >= 4, $"{chats} chats");
    }

    [Fact]
    public void SmolLm2_log_probabilities()
    {
        LanguageModel model = LoadSmolLm2();
        JsonObject[] rows = [.. Rows("smollm2/logprobs.jsonl")];
        IReadOnlyList<float[]> scores = new Scorer(model).LogProbs([.. rows.Select(row => GoldenModel.Ints(row["input_ids"]!))]);
        Assert.Equal(8, rows.Length);
        foreach ((JsonObject row, float[] score) in rows.Zip(scores))
        {
            Assert.True(Parity.Difference(GoldenModel.MaxDifference(score.AsSpan(1), GoldenModel.Floats(row["logprobs"]!)), 1e-3) < 1e-3, (string)row["id"]!);
            double perplexity = Math.Exp(-score.Skip(1).Average(x => (double)x));
            Assert.Equal(1, perplexity / (double)row["perplexity"]!, 1e-3);
        }
    }

    /// <summary>The ten best logits at several positions, and the last token's state after some layers.</summary>
    [Fact]
    public void SmolLm2_logits_and_hidden_states()
    {
        LanguageModel model = LoadSmolLm2();
        int logits = 0, states = 0;
        foreach (JsonObject row in Rows("smollm2/logprobs.jsonl"))
        {
            StateTap tap = new(model.Config.HiddenSize);
            using Tape tape = new(recording: false);
            Tensor hidden = model.Hidden(tape, TokenBatch.Of(GoldenModel.Ints(row["input_ids"]!)), new ForwardState { Tap = tap });
            foreach (JsonNode? entry in row["top10"]!.AsArray())
            {
                ReadOnlySpan<float> all = model.Logits(tape, tape.Rows(hidden, [(int)entry!["position"]!])).Data;
                int[] ids = GoldenModel.Ints(entry["ids"]!);
                float[] expected = GoldenModel.Floats(entry["logits"]!);
                double difference = 0;
                for (int i = 0; i < ids.Length; i++) difference = Math.Max(difference, Math.Abs(expected[i] - all[ids[i]]));
                Assert.True(Parity.Difference(difference, 1e-3) <= 1e-3, $"{row["id"]}: {difference}");
                logits++;
            }
            foreach (JsonNode? probe in row["hidden"]!.AsArray())
            {
                float[] state = tap.Last[(int)probe!["after_layer"]!];
                Assert.True(GoldenModel.MaxDifference(state.AsSpan(0, 8), GoldenModel.Floats(probe["first_8"]!)) < 1e-2);
                Assert.Equal(1, Math.Sqrt(state.Sum(x => (double)x * x)) / (double)probe["norm"]!, 1e-4);
                states++;
            }
        }
        Assert.True(logits >= 8 && states >= 8, $"{logits} positions, {states} states");
    }

    [Fact]
    public void Stories260K_from_llama2c()
    {
        LanguageModel model = ModelLoader.Load(SharedData.Require("models/stories260K/stories260K.bin")).Model;
        int greedy = 0, scored = 0;
        foreach (JsonObject row in Rows("stories260k/cases.jsonl"))
        {
            int[] ids = GoldenModel.Ints(row["input_ids"]!);
            if (row["greedy"] is { } expected)
            {
                GenerationResult result = new Engine(model).Generate(new GenerationRequest
                {
                    Prompt = ids,
                    Sampling = SamplingOptions.Greedy,
                    MaxTokens = 120,
                    StopIds = [1, 2],
                })[0];
                Assert.True((double)row["min_margin"]! > 1e-4);
                Assert.Equal(GoldenModel.Ints(expected), result.Ids);
                Parity.Count(1, 1);
                greedy++;
            }
            if (row["logprobs"] is { } logProbs)
            {
                Assert.True(Parity.Difference(GoldenModel.MaxDifference(new Scorer(model).LogProbs([ids])[0].AsSpan(1), GoldenModel.Floats(logProbs)), 1e-4) < 1e-4);
                using Tape tape = new(recording: false);
                ReadOnlySpan<float> last = model.Logits(tape, model.Hidden(tape, TokenBatch.Of(ids))).Data[^model.Config.VocabularySize..];
                Assert.True(GoldenModel.MaxDifference(last[..16], GoldenModel.Floats(row["last_logits_first_16"]!)) < 2e-4);
                scored++;
            }
        }
        Assert.Equal(9, greedy + scored);
    }

    [Fact]
    public void Tiny_gguf_files()
    {
        int compared = 0;
        foreach (JsonObject row in Rows("gguf/tiny_files.jsonl"))
        {
            string file = (string)row["file"]!;
            LanguageModel model = ModelLoader.Load(SharedData.Require($"{Golden}/gguf/{file}")).Model;
            int[] ids = GoldenModel.Ints(row["input_ids"]!);
            using Tape tape = new(recording: false);
            float[] logits = model.Logits(tape, model.Hidden(tape, TokenBatch.Of(ids))).Data.ToArray();
            int vocabulary = model.Config.VocabularySize, at = 0;
            foreach (int position in GoldenModel.Ints(row["positions"]!))
            {
                double difference = Parity.Difference(GoldenModel.MaxDifference(logits.AsSpan(position * vocabulary, vocabulary), GoldenModel.Floats(row["logits"]![at++]!)), 2e-4);
                Assert.True(difference < 2e-4, $"{file}: {difference}");
            }
            compared++;
            if (row["greedy_16"] is not { } expected) continue;
            int[] greedy = GoldenModel.Ints(expected);
            GenerationRequest request = new() { Prompt = ids, Sampling = SamplingOptions.Greedy, MaxTokens = greedy.Length, StopIds = [] };
            Assert.Equal(greedy, new Engine(model).Generate(request)[0].Ids);
        }
        Assert.Equal(5, compared);
    }

    private static LanguageModel LoadSmolLm2() => (smolLm2 ??= ModelLoader.Load(SharedData.Require(SmolLm2))).Model;

    private static IEnumerable<JsonObject> Rows(string file) =>
        File.ReadLines(SharedData.Require($"{Golden}/{file}")).Select(line => JsonNode.Parse(line)!.AsObject());

    private sealed class StateTap(int width) : IForwardTap
    {
        public List<float[]> Last { get; } = [];

        public void Hidden(int layer, Tensor hidden) => Last.Add(hidden.Data[^width..].ToArray());
    }
}
