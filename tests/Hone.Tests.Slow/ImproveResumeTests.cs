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
        ProcessResult whole = HoneProcess.Run(Arguments("whole"), timeoutSeconds: 300);
        Assert.True(whole.ExitCode == 0, whole.Error);

        Random random = new(4);
        int atWork = 0;
        for (int kill = 0; kill < 8; kill++)
        {
            using HoneProcess run = HoneProcess.Start(Arguments("killed"));
            int wait = 500 + random.Next(2500);
            for (int waited = 0; waited < wait && !run.HasExited; waited += 25) Thread.Sleep(25);
            if (!run.HasExited) atWork++;
            run.Kill();
        }
        Assert.True(atWork >= 3, $"only {atWork} of 8 runs were still at work when they were killed");
        ProcessResult last = HoneProcess.Run(Arguments("killed"), timeoutSeconds: 300);
        Assert.True(last.ExitCode == 0, last.Error);

        Assert.Equal(Hash(folder, "whole"), Hash(folder, "killed"));
        JsonObject expected = Figures(folder, "whole"), found = Figures(folder, "killed");
        foreach (string figure in (string[])["before", "after", "paired_test", "best_round", "difference_points"])
            Assert.True(JsonNode.DeepEquals(expected[figure], found[figure]), $"{figure}: {expected[figure]}, {found[figure]} after kills");
        Assert.True(File.Exists(Path.Combine(folder, "killed", "report.html")));
        Directory.Delete(folder, recursive: true);
    }

    private static string Hash(string folder, string run) =>
        Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, run, "model", "model.safetensors"))));

    private static JsonObject Figures(string folder, string run) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, run, "run.json")))!.AsObject();
}
