using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Hone.Tests;

/// <summary>The main job, killed wherever it happens to be: sampling, training, evaluating or writing its report.</summary>
public class ImproveResumeTests
{
    [Fact]
    public void A_killed_run_ends_with_the_same_model_and_the_same_figures()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string[] Arguments(string name) =>
        [
            "improve", "--quick", "--out", Path.Combine(folder, name), "--threads", "1", "--seed", "3", "--quiet",
            "--set", "pool=120", "--set", "validation=40", "--set", "test=40", "--set", "rounds=2", "--set", "train.checkpoint_every=3",
        ];
        KilledRun.Compare(Arguments, 8, 500, 3000, leastAtWork: 3);

        Assert.Equal(Hash(folder, "whole"), Hash(folder, "killed"));
        JsonObject expected = Figures(folder, "whole"), found = Figures(folder, "killed");
        foreach (string figure in (string[])["before", "after", "paired_test", "best_round", "difference_points"])
            Assert.True(JsonNode.DeepEquals(expected[figure], found[figure]), $"{figure}: {expected[figure]}, {found[figure]} after kills");
        Assert.True(File.Exists(Path.Combine(folder, "killed", "report.html")));
        Directory.Delete(folder, recursive: true);
    }

    private static string Hash(string folder, string run) => KilledRun.Hash(folder, run, "model", "model.safetensors");

    private static JsonObject Figures(string folder, string run) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, run, "run.json")))!.AsObject();
}
