using System.Text.Json.Nodes;
using Hone.Tests.Training;

namespace Hone.Tests.Cli;

/// <summary>RISE, BMC, Inverse-Q* and Flat-LoRA from the command line, on a model made for the test.</summary>
public sealed class MethodTrainersTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public MethodTrainersTests()
    {
        TinyTextModel.Write(PathOf("model"), 1);
        File.WriteAllText(PathOf("pairs.jsonl"), """
            {"prompt":"1 + 1 =","chosen":"so 1 + 1 = 2","rejected":"well 1 + 1 = 3"}
            {"prompt":"2 + 2 =","chosen":"so 2 + 2 = 4","rejected":"well 2 + 2 = 5"}

            """);
        File.WriteAllText(PathOf("steps.jsonl"), """
            {"prompt":"1 + 1 + 1 =","initial_reason_steps":"1 + 1 = 2\n","chosen":"2 + 1 = 3","rejected":"2 + 1 = 4"}
            {"prompt":"2 + 2 =","chosen":"2 + 2 = 4","rejected":"2 + 2 = 5"}

            """);
        File.WriteAllText(PathOf("task.jsonl"), """
            {"question":"1 + 1 =","answer":"2"}
            {"question":"2 + 2 =","answer":"4"}

            """);
        File.WriteAllText(PathOf("prompts.jsonl"), """
            {"prompt":"1 + 1 ="}
            {"prompt":"2 + 2 ="}

            """);
    }

    [Theory]
    [InlineData("bmc", "pairs.jsonl", 0.693147)]
    [InlineData("bmc", "pairs.jsonl", 100.0, "--objective", "ipo")] // (1 / (2 · 0.05))²: the margin is zero, weighted or not
    [InlineData("bmc", "pairs.jsonl", null, "--objective", "simpo", "--delta", "1")]
    [InlineData("bmc", "pairs.jsonl", null, "--objective", "orpo")]
    [InlineData("bmc", "pairs.jsonl", 0.693147, "--bridge", "rules", "--ref-weights", "reference", "--diff", "blocks")]
    [InlineData("rise", "steps.jsonl", 0.693147)]
    [InlineData("flat-lora", "task.jsonl", null)]
    [InlineData("flat-lora", "task.jsonl", null, "--adapter-type", "dora", "--sam-rho", "0.05", "--flat-sigma", "0")]
    [InlineData("inverse-q", "task.jsonl", null, "--condition", "{question} x", "--max-completion-length", "4")]
    [InlineData("inverse-q", "prompts.jsonl", null, "--condition", "x", "--loss", "pg", "--max-completion-length", "4", "--normalization", "sequence")]
    [InlineData("inverse-q", "task.jsonl", null, "--condition", "x", "--negative", "y", "--estimator", "contrastive", "--loss", "full", "--max-completion-length", "4")]
    public void A_dry_run_prints_loss_and_metrics_and_writes_nothing(string trainer, string data, double? loss, params string[] settings)
    {
        CliRun run = CliRun.Of(["train", trainer, "--model", PathOf("model"), "--data", PathOf(data), "--out", PathOf("out"), "--batch", "2", "--dry-run", "--json", "--quiet", .. settings]);
        Assert.True(run.Code == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.True(double.IsFinite((double)result["loss"]!));
        if (loss is { } expected) Assert.Equal(expected, (double)result["loss"]!, 1e-3);
        Assert.False(Directory.Exists(PathOf("out")));
    }

    [Theory]
    [InlineData("bmc", "pairs.jsonl", "--bridge", "rules", "--delta", "3")]
    [InlineData("rise", "steps.jsonl", "--nll-weight", "0.5")]
    [InlineData("flat-lora", "task.jsonl", "--flat-sigma", "0.3")]
    [InlineData("inverse-q", "task.jsonl", "--condition", "x {question}", "--max-completion-length", "4", "--refresh-every", "2")]
    public void Training_writes_an_adapter_or_a_model_and_a_second_start_does_nothing(string trainer, string data, params string[] settings)
    {
        foreach (string rank in (string[])["2", "0"])
        {
            string[] arguments = ["train", trainer, "--model", PathOf("model"), "--data", PathOf(data), "--out", PathOf("out" + rank), "--lora-rank", rank, "--lr", "1e-3", "--batch", "2",
                "--steps", "4", "--json", "--quiet", .. settings];
            CliRun run = CliRun.Of(arguments);
            Assert.True(run.Code == 0, run.Error);
            string weights = rank == "0" ? Path.Combine(PathOf("out0"), "model", "model.safetensors") : Path.Combine(PathOf("out2"), "adapter", "adapter_model.safetensors");
            byte[] first = File.ReadAllBytes(weights);
            CliRun again = CliRun.Of(arguments);
            Assert.True(again.Code == 0, again.Error);
            Assert.Equal(first, File.ReadAllBytes(weights));
        }
    }

    [Fact]
    public void Pairs_are_bridged_into_a_file()
    {
        CliRun run = CliRun.Of("data", "bridge", "--data", PathOf("pairs.jsonl"), "--bridge", "rules", "--out", PathOf("bridged.jsonl"), "--json", "--quiet");
        Assert.True(run.Code == 0, run.Error);
        JsonNode first = JsonNode.Parse(File.ReadLines(PathOf("bridged.jsonl")).First())!;
        Assert.Equal(("well 1 + 1 = 2", "so 1 + 1 = 2", "bridged"), ((string)first["chosen"]!, (string)first["original_chosen"]!, (string)first["status"]!));
    }

    [Fact]
    public void Sharpness_is_measured_and_drawn()
    {
        CliRun run = CliRun.Of("analyze", "sharpness", "--model", PathOf("model"), "--data", PathOf("task.jsonl"), "--sigmas", "0.1,0.4", "--samples", "4", "--out", PathOf("out"), "--json", "--quiet");
        Assert.True(run.Code == 0, run.Error);
        Assert.Equal(2, JsonNode.Parse(run.Output)!["points"]!.AsArray().Count);
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(PathOf("out"), "report.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no pair came of", "rise", "task.jsonl", "--max-completion-length", "3", "--wording", "short")]
    [InlineData("two answers to one question", "flat-lora", "task.jsonl", "--sam-rho", "0.1")]
    [InlineData("plain fine-tuning", "flat-lora", "task.jsonl", "--flat-sigma", "0")]
    [InlineData("needs an endpoint", "bmc", "pairs.jsonl", "--bridge", "teacher")]
    [InlineData("needs a condition", "inverse-q", "task.jsonl")]
    [InlineData("no prompt leaves room", "inverse-q", "task.jsonl", "--condition", "x", "--max-completion-length", "1000")]
    [InlineData("at least 0", "flat-lora", "task.jsonl", "--flat-sigma", "-1")]
    [InlineData("NaN", "flat-lora", "task.jsonl", "--flat-sigma", "NaN")]
    [InlineData("needs chosen and rejected", "bmc", "task.jsonl")]
    public void Mistakes_are_one_clear_line(string expected, string trainer, string data, params string[] settings)
    {
        CliRun run = CliRun.Of(["train", trainer, "--model", PathOf("model"), "--data", PathOf(data), "--out", PathOf("bad"), "--batch", "2", "--steps", "2", "--quiet", .. settings]);
        Assert.Equal(2, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string PathOf(string name) => Path.Combine(folder, name);
}
