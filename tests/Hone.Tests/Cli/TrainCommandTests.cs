using System.Text.Json.Nodes;
using Hone.Tests.Training;

namespace Hone.Tests.Cli;

/// <summary>The trainers from the command line, on a model made for the test.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private const string Pairs = """
        {"prompt":"1 + 1 =","chosen":" 2","rejected":" 3"}
        {"prompt":"2 + 2 =","chosen":" 4","rejected":" five"}
        {"prompt":"3 + 1 =","chosen":" 4","rejected":" 31"}

        """;

    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public TrainCommandTests()
    {
        TinyTextModel.Write(PathOf("model"), 1);
        File.WriteAllText(PathOf("pairs.jsonl"), Pairs);
        File.WriteAllText(PathOf("judged.jsonl"), """
            {"prompt":"1 + 1 =","completion":" 2","label":true}
            {"prompt":"2 + 2 =","completion":" five","label":false}

            """);
        File.WriteAllText(PathOf("task.jsonl"), """
            {"question":"1 + 1 =","answer":"2"}
            {"question":"2 + 2 =","answer":"4"}

            """);
    }

    [Theory]
    [InlineData("dpo", "pairs.jsonl", 0.693147)] // the policy is its reference: log 2
    [InlineData("rdpo", "pairs.jsonl", null)]
    [InlineData("ipo", "pairs.jsonl", 25.0)] // (1 / (2 · 0.1))²
    [InlineData("kto", "judged.jsonl", 0.5)]
    [InlineData("kto", "pairs.jsonl", 0.5)]
    [InlineData("cpo", "pairs.jsonl", null)]
    [InlineData("simpo", "pairs.jsonl", null)]
    [InlineData("orpo", "pairs.jsonl", null)]
    [InlineData("rm", "pairs.jsonl", null)]
    [InlineData("sft", "task.jsonl", null)]
    [InlineData("grpo", "task.jsonl", null)]
    [InlineData("rloo", "task.jsonl", null)]
    [InlineData("reinforce", "task.jsonl", null)]
    [InlineData("reinforce++", "task.jsonl", null)]
    [InlineData("ppo", "task.jsonl", null)]
    [InlineData("online-dpo", "task.jsonl", 0.693147)]
    [InlineData("expert", "task.jsonl", null)]
    public void A_dry_run_prints_loss_and_metrics_and_writes_nothing(string trainer, string data, double? loss)
    {
        CliRun run = CliRun.Of("train", trainer, "--model", PathOf("model"), "--data", PathOf(data), "--out", PathOf("out"), "--batch", "8", "--dry-run", "--json", "--quiet");
        Assert.True(run.Code == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.True(double.IsFinite((double)result["loss"]!));
        if (loss is { } expected) Assert.Equal(expected, (double)result["loss"]!, 1e-4);
        Assert.False(Directory.Exists(PathOf("out")));
    }

    [Fact]
    public void Pairs_train_an_adapter_that_prefers_the_better_answers()
    {
        CliRun run = CliRun.Of("train", "dpo", "--model", PathOf("model"), "--data", PathOf("pairs.jsonl"), "--out", PathOf("out"), "--lora-rank", "4", "--lr", "3e-2",
            "--batch", "3", "--steps", "60", "--json", "--quiet");
        Assert.True(run.Code == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.True((double)result["loss_last"]! < 0.9 * (double)result["loss_first"]!, run.Output);
        Assert.Equal(1, (double)result["rewards/accuracies"]!);
        Assert.True(File.Exists(Path.Combine(PathOf("out"), "adapter", "adapter_model.safetensors")));
    }

    [Fact]
    public void Broken_rows_are_named_by_line_and_can_be_skipped()
    {
        File.WriteAllText(PathOf("broken.jsonl"), Pairs + """
            {"prompt":"a","chosen":"same","rejected":"same"}
            {"prompt":"a","chosen":"","rejected":"b"}
            {"prompt":"a","chosen":[{"role":"poet","content":"x"}],"rejected":[{"role":"assistant","content":"y"}]}

            """);
        string[] arguments = ["train", "dpo", "--model", PathOf("model"), "--data", PathOf("broken.jsonl"), "--dry-run", "--json", "--quiet"];
        CliRun stopped = CliRun.Of(arguments);
        Assert.Equal(2, stopped.Code);
        Assert.Contains("broken.jsonl:4:", stopped.Error);
        CliRun skipped = CliRun.Of([.. arguments, "--on-error", "skip"]);
        Assert.True(skipped.Code == 0, skipped.Error);
        Assert.Equal((3, 3), ((int)JsonNode.Parse(skipped.Output)!["rows"]!, (int)JsonNode.Parse(skipped.Output)!["rows_left_out"]!));
        foreach (string place in (string[])["broken.jsonl:4:", "broken.jsonl:5:", "broken.jsonl:6:"]) Assert.Contains(place, skipped.Error);
    }

    [Fact]
    public void Rows_of_another_kind_are_refused() => Assert.Contains(
        "needs chosen and rejected", CliRun.Of("train", "dpo", "--model", PathOf("model"), "--data", PathOf("task.jsonl"), "--dry-run").Error);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string PathOf(string name) => Path.Combine(folder, name);
}
