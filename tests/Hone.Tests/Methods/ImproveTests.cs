using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;
using Hone.Methods.GuidedSelfImprovement;
using Hone.Methods.TinyLm;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;
using Hone.Training;

namespace Hone.Tests.Methods;

/// <summary>The whole of hone improve on a small untrained model and a few rows that it can learn by heart.</summary>
public sealed class ImproveTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("hone-improve-").FullName;
    private readonly WorkerPool workers = new(1);

    [Fact]
    public void Rows_of_labels_are_learnt_from_the_references_and_the_evidence_is_written()
    {
        JsonObject result = Improve("a", Options());
        Assert.True((double)result["after"]!["accuracy"]! > (double)result["before"]!["accuracy"]!, result.ToJsonString());
        Assert.Equal("choice", (string)result["checker"]!);
        Assert.Equal(0, (int)result["best_round"]!);
        Assert.True(File.Exists(Path.Combine(folder, "a", "report.html")));
        Assert.DoesNotContain("http://", File.ReadAllText(Path.Combine(folder, "a", "report.html")).Replace("http://www.w3.org", "", StringComparison.Ordinal));
        LoadedModel saved = ModelLoader.Load(Path.Combine(folder, "a", "model"));
        Assert.NotNull(saved.Tokenizer);
    }

    [Fact]
    public void Test_and_validation_questions_are_never_trained_on()
    {
        ImproveTask task = ImproveTask.Of(Rows(), Options(), 1);
        string[] pool = [.. task.Pool.Select(r => r.Text("question"))];
        Assert.Empty(pool.Intersect(task.Test.Select(r => r.Text("question"))));
        Assert.Empty(pool.Intersect(task.Validation.Select(r => r.Text("question"))));
        Assert.Empty(task.Validation.Select(r => r.Text("question")).Intersect(task.Test.Select(r => r.Text("question"))));
    }

    [Fact]
    public void A_rerun_goes_on_from_what_is_there_and_another_run_is_refused()
    {
        JsonObject first = Improve("b", Options());
        DateTime weights = File.GetLastWriteTimeUtc(Path.Combine(folder, "b", "rounds", "round-0", "weights.safetensors"));
        JsonObject second = Improve("b", Options());
        Assert.Equal(weights, File.GetLastWriteTimeUtc(Path.Combine(folder, "b", "rounds", "round-0", "weights.safetensors")));
        Assert.Equal(first["after"]!.ToJsonString(), second["after"]!.ToJsonString());
        HoneException error = Assert.Throws<HoneException>(() => Improve("b", Options() with { Rounds = 5 }));
        Assert.Contains("rounds was 1, now 5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits()
    {
        Improve("c", Options());
        Improve("d", Options());
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(folder, "c", "model", "model.safetensors")), File.ReadAllBytes(Path.Combine(folder, "d", "model", "model.safetensors")));
    }

    [Fact]
    public void Nothing_right_to_learn_from_ends_with_the_model_unchanged_and_a_report()
    {
        JsonObject result = Improve("e", Options() with { SeedSet = "no" });
        Assert.False((bool)result["helped"]!);
        Assert.Empty(result["rounds"]!.AsArray());
        Assert.True(File.Exists(Path.Combine(folder, "e", "report.html")));
        Assert.True(File.Exists(Path.Combine(folder, "e", "model", "model.safetensors")));
    }

    public void Dispose()
    {
        workers.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static ImproveOptions Options() => new()
    {
        Rounds = 1,
        Draws = 2,
        Redraws = 1,
        Pool = 60,
        Validation = 20,
        Test = 20,
        MaxTokens = 8,
        LoraRank = 0,
        Train = new TrainOptions { Epochs = 8, Batch = 8, Lr = 3e-3, CheckpointEvery = 1000 },
    };

    private JsonObject Improve(string name, ImproveOptions options) => GuidedSelfImprovementRecipe.Run(
        Model(), "no-file", Rows(), options, gguf: false, "test", new RunContext(Path.Combine(folder, name), 1));

    private TextModel Model()
    {
        Tokenizer tokenizer = SeedModel.CreateTokenizer();
        LanguageModel model = SeedModel.Create(SeedSize.Named("s"), tokenizer.VocabularySize, new RandomStream(5, "model"));
        return new TextModel(new LoadedModel(model, null, tokenizer), workers);
    }

    /// <summary>Sentences about cups are "left", sentences about pens "right".</summary>
    private Dataset Rows()
    {
        string path = Path.Combine(folder, "rows.jsonl");
        string[] names = ["Ann", "Ben", "Cora", "Dan", "Eva", "Finn", "Gina", "Hugo", "Iris", "Jack"];
        if (!File.Exists(path))
            Jsonl.Write(path, names.SelectMany(n => Enumerable.Range(2, 10).Select(i => (JsonNode)new JsonObject
            {
                ["question"] = $"{n} has {i} {(i % 2 == 0 ? "cups" : "pens")}.",
                ["answer"] = i % 2 == 0 ? "left" : "right",
            })));
        return Dataset.Load(path);
    }
}
