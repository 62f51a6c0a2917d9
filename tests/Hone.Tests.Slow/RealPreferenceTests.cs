using System.Text.Json.Nodes;
using Hone.Core;

namespace Hone.Tests;

/// <summary>Real preference files train a real model end to end, with an adapter.</summary>
public sealed class RealPreferenceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    [Theory]
    [InlineData("dpo", "preference-harness/dpo_en_demo.jsonl", "rewards/margins")]
    [InlineData("orpo", "preference-harness/dpo_en_demo.jsonl", "rewards/margins")]
    [InlineData("rm", "preference-harness/dpo_en_demo.jsonl", "accuracy")]
    [InlineData("kto", "preference-harness/kto_en_demo.jsonl", "kl")]
    [InlineData("sft", "tl-training/glaive_toolcall_en_demo.jsonl", null)]
    [InlineData("sft", "bmc/qasc_validation.jsonl", null, "--map", "question=problem")]
    public void A_few_steps_on_an_adapter(string trainer, string data, string? metric, params string[] settings)
    {
        (string? model, string? rows) = (Shared("models/smollm2-135m-instruct"), Shared("data/" + data));
        Assert.SkipWhen(model is null || rows is null, "needs the shared models and data");
        string few = Path.Combine(folder, "rows.jsonl");
        File.WriteAllLines(few, File.ReadLines(rows!).Take(16));
        ProcessResult run = HoneProcess.Run(
            ["train", trainer, "--model", model!, "--data", few, "--out", Path.Combine(folder, "out"), "--lora-rank", "4", "--lr", "1e-4", "--max-length", "192",
                "--truncation", "keep_end", "--batch", "2", "--steps", "3", "--warmup", "0", "--json", "--quiet", .. settings]);
        Assert.True(run.ExitCode == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.True(double.IsFinite((double)result["loss_last"]!));
        if (metric is not null) Assert.NotNull(result[metric]);
        Assert.Equal(3, Jsonl.Read(Path.Combine(folder, "out", "metrics.jsonl")).Count());
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static string? Shared(string relative)
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Hone.slnx")) && Path.Combine(at.Parent!.FullName, "shared", relative) is { } path && (File.Exists(path) || Directory.Exists(path)))
                return path;
        return null;
    }
}
