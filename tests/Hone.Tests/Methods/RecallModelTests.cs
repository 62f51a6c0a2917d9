using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Methods.TinyLm;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Training.Batching;

namespace Hone.Tests.Methods;

public sealed class RecallModelTests
{
    private static readonly RecallOptions Options = new();

    [Fact]
    public void One_token_for_each_word_number_and_mark()
    {
        Tokenizer tokenizer = RecallModel.CreateTokenizer();
        LongContextSample sample = LongContextTasks.Named("niah_multikey_1").At(
            new() { Length = 512, Wording = TaskWording.Compact, CountTokens = t => tokenizer.Encode(t).Length }, 1, 0);
        string text = sample.Prompt + " " + sample.Answers[0] + ".";
        int[] ids = tokenizer.Encode(text);
        // The space before the question mark is a token of its own.
        Assert.Equal(System.Text.RegularExpressions.Regex.Count(text, "[a-z]+|[0-9]+|[^a-z0-9 ]| (?=\\?)"), ids.Length);
        Assert.Equal(text, tokenizer.Decode(ids));
    }

    [Fact]
    public void A_document_is_exactly_as_long_as_asked_and_every_answer_follows_from_it()
    {
        Tokenizer tokenizer = RecallModel.CreateTokenizer();
        RecallDocuments documents = new(tokenizer);
        for (int i = 0; i < 50; i++)
        {
            RecallDocument document = documents.Next(new RandomStream(1, "docs").Derive(i), 300, unseenKeys: false);
            Assert.Equal(300, document.Ids.Length);
            Assert.Equal(300, document.IsAnswer.Length);
            for (int t = 0; t < 300; t++)
                if (document.IsAnswer[t]) Assert.True(document.Ids.AsSpan(0, t).Contains(document.Ids[t]) || tokenizer.Decode([document.Ids[t]]) is ".", $"document {i}, token {t}");
        }
    }

    [Fact]
    public void The_curriculum_follows_the_shares()
    {
        RecallOptions options = new() { Lengths = [64, 128], Shares = [0.25, 0.75], ExampleTokens = 256 };
        options.Check();
        RecallData data = new(RecallModel.CreateTokenizer(), options, 100, 1);
        TrainingExample first = data.Get(0), later = data.Get(60);
        Assert.Equal([64, 64, 64, 64], first.Sequences.Select(s => s.Ids.Length));
        Assert.Equal([128, 128], later.Sequences.Select(s => s.Ids.Length));
        Assert.Equal(first.Sequences[2].Ids, data.Get(0).Sequences[2].Ids);
        Assert.Throws<HoneException>(() => (options with { Shares = [0.5] }).Check());
        Assert.Throws<HoneException>(() => (options with { Shares = [0.5, 0.6] }).Check());
        Assert.Throws<HoneException>(() => (options with { Heads = 3 }).Check());
    }

    [Fact]
    public void The_laid_circuit_finds_and_copies_before_any_training()
    {
        Tokenizer tokenizer = RecallModel.CreateTokenizer();
        double With(bool circuit)
        {
            LanguageModel model = RecallModel.Create(Options with { Circuit = circuit }, tokenizer.VocabularySize, new RandomStream(1, "init"));
            TextModel text = new(new LoadedModel(model, null, tokenizer));
            return RecallEvaluation.Score(text, "niah_multikey_2", 128, 20, 5, new RunContext("", 1));
        }
        double laid = With(true), random = With(false);
        Assert.True(laid >= 0.5, $"{laid:P0} with the circuit");
        Assert.True(random <= 0.1, $"{random:P0} without");
    }

    [Fact]
    public void The_shipped_model_finds_what_it_is_asked_for()
    {
        string folder = Path.Combine(SharedData.RepositoryRoot, "models", "seed-recall");
        Assert.SkipWhen(!Directory.Exists(folder), "models/seed-recall is not built");
        TextModel model = TextModel.Open(folder);
        Assert.InRange(model.Model.ParameterCount, 1_000_000, 3_000_000);
        Assert.True(model.Model.Config.MaxPositions >= 2048);
        foreach (string task in LongContextTasks.Recall)
            Assert.True(RecallEvaluation.Score(model, task, 512, 10, 77, new RunContext("", 1)) >= 0.9, task);
    }
}
