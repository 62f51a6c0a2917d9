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
        File.WriteAllText(PathOf("prompts.jsonl"), """
            {"prompt":"1 + 1 ="}
            {"prompt":"Say something."}

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

    [Theory]
    [InlineData("dpo", "pairs.jsonl", "--beta", "0.1", "0.2", "Beta")]
    [InlineData("orpo", "pairs.jsonl", "--beta", "0.1", "0.2", "Beta")]
    [InlineData("simpo", "pairs.jsonl", "--simpo-gamma", "0.5", "0.6", "SimpoGamma")]
    [InlineData("rm", "pairs.jsonl", "--center-rewards-coefficient", "0.01", "0", "CenterRewardsCoefficient")]
    [InlineData("ppo", "task.jsonl", "--kl-coef", "0.1", "0.2", "KlCoef")]
    [InlineData("grpo", "task.jsonl", "--temperature", "1", "0.9", "Temperature")]
    [InlineData("sft", "task.jsonl", "--seed", "1", "2", "seed")]
    public void A_folder_is_continued_only_by_the_same_run(string trainer, string data, string option, string first, string other, string named)
    {
        string[] Arguments(string value) =>
        [
            "train", trainer, "--model", PathOf("model"), "--data", PathOf(data), "--out", PathOf("out"), "--batch", "8", "--steps", "2", "--set", "train.log_every=1",
            "--quiet", "--json", option, value,
        ];
        CliRun run = CliRun.Of(Arguments(first));
        Assert.True(run.Code == 0, run.Error);
        string report = File.ReadAllText((string)JsonNode.Parse(run.Output)!["report"]!);
        Assert.Contains("<svg", report);
        Assert.Contains("learning_rate", report);
        CliRun changed = CliRun.Of(Arguments(other));
        Assert.Equal(2, changed.Code);
        Assert.Contains("holds another run", changed.Error);
        Assert.Contains(named, changed.Error);
        Assert.Equal(0, CliRun.Of(Arguments(first)).Code);
    }

    [Fact]
    public void Reference_passes_are_done_once_for_a_model_and_its_rows()
    {
        string[] Arguments(string trainer, string name, string data) =>
        [
            "train", trainer, "--model", PathOf("model"), "--data", PathOf(data), "--out", PathOf(name), "--reference-cache", PathOf("cache"), "--steps", "2", "--epochs", "2", "--lr", "1e-3",
        ];
        const string Kept = "reference log-probabilities: ";
        CliRun first = CliRun.Of(Arguments("dpo", "one", "pairs.jsonl")), second = CliRun.Of(Arguments("ipo", "two", "pairs.jsonl"));
        Assert.True(first.Code == 0 && second.Code == 0, first.Error + second.Error);
        Assert.DoesNotContain(Kept, first.Error);
        Assert.Contains(Kept, second.Error);
        File.WriteAllLines(PathOf("others.jsonl"), Pairs.Split('\n').Take(2));
        Assert.DoesNotContain(Kept, CliRun.Of(Arguments("dpo", "three", "others.jsonl")).Error);
        // A model that was trained is another one.
        CliRun other = CliRun.Of(["train", "dpo", "--model", Path.Combine(PathOf("one"), "model"), .. Arguments("dpo", "four", "pairs.jsonl")[4..]]);
        Assert.Equal(0, other.Code);
        Assert.DoesNotContain(Kept, other.Error);
        Assert.Equal(3, Directory.GetFiles(PathOf("cache"), "*.safetensors", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Other_rows_are_another_run()
    {
        string[] arguments = ["train", "dpo", "--model", PathOf("model"), "--data", PathOf("pairs.jsonl"), "--out", PathOf("out"), "--steps", "1", "--quiet"];
        Assert.Equal(0, CliRun.Of(arguments).Code);
        File.AppendAllText(PathOf("pairs.jsonl"), "{\"prompt\":\"5 + 5 =\",\"chosen\":\" 10\",\"rejected\":\" 11\"}\n");
        Assert.Contains("data_sha256", CliRun.Of(arguments).Error);
    }

    [Fact]
    public void A_run_whose_loss_runs_away_stops_and_loses_nothing()
    {
        CliRun run = CliRun.Of("train", "ipo", "--model", PathOf("model"), "--data", PathOf("pairs.jsonl"), "--out", PathOf("out"), "--lr", "0.001", "--batch", "3",
            "--steps", "40", "--max-loss", "5", "--checkpoint-every", "2", "--quiet");
        Assert.Equal(2, run.Code);
        Assert.Contains("was beyond ±5 for 5 steps", run.Error);
        Assert.Contains("Lower the learning rate", run.Error);
        Assert.Contains("The run was stopped.", File.ReadAllText(Path.Combine(PathOf("out"), "report.html")));
        Assert.Equal(5, File.ReadAllLines(Path.Combine(PathOf("out"), "metrics.jsonl")).Length);
        Assert.True(Directory.Exists(Path.Combine(PathOf("out"), "checkpoints", "step-00000004")));
        CliRun raised = CliRun.Of("train", "ipo", "--model", PathOf("model"), "--data", PathOf("pairs.jsonl"), "--out", PathOf("out"), "--lr", "0.001", "--batch", "3",
            "--steps", "40", "--max-loss", "1000", "--checkpoint-every", "20", "--json");
        Assert.True(raised.Code == 0, raised.Error);
        Assert.Contains("continuing from step 4", raised.Error);
        Assert.Equal(40, File.ReadAllLines(Path.Combine(PathOf("out"), "metrics.jsonl")).Length);
    }

    [Fact]
    public void A_run_whose_kl_runs_away_stops()
    {
        CliRun run = CliRun.Of("train", "ppo", "--model", PathOf("model"), "--data", PathOf("task.jsonl"), "--reward", "script:" + Script("Output.Length"), "--out", PathOf("out"),
            "--max-completion-length", "6", "--lr", "0.03", "--batch", "8", "--steps", "60", "--max-kl", "0.5", "--kl-coef", "0.001", "--quiet");
        Assert.Equal(2, run.Code);
        Assert.Contains("KL divergence to the reference", run.Error);
    }

    [Fact]
    public void Several_rewards_are_weighted_and_logged_by_name()
    {
        CliRun run = CliRun.Of("train", "grpo", "--model", PathOf("model"), "--data", PathOf("prompts.jsonl"), "--reward", $"script:{Script("2.0")},script:{Script("Prompt.Length > 0 ? 3 : 0", "other")}",
            "--reward-weights", "1,10", "--max-completion-length", "4", "--batch", "8", "--dry-run", "--json", "--quiet");
        Assert.True(run.Code == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.Equal((32.0, 2.0, 3.0), ((double)result["reward"]!, (double)result["rewards/reward/mean"]!, (double)result["rewards/other/mean"]!));
        Assert.Equal(1, (double)result["frac_reward_zero_std"]!);
        CliRun without = CliRun.Of("train", "grpo", "--model", PathOf("model"), "--data", PathOf("prompts.jsonl"), "--dry-run", "--quiet");
        Assert.Contains("--reward", without.Error);
    }

    [Fact]
    public void A_reward_model_is_trained_and_gives_rewards()
    {
        Assert.Equal(0, CliRun.Of("train", "rm", "--model", PathOf("model"), "--data", PathOf("pairs.jsonl"), "--out", PathOf("rm"), "--steps", "3", "--lr", "1e-3", "--quiet").Code);
        string[] arguments = ["train", "ppo", "--model", PathOf("model"), "--data", PathOf("pairs.jsonl"), "--max-completion-length", "4", "--batch", "8", "--dry-run", "--json", "--quiet"];
        CliRun run = CliRun.Of([.. arguments, "--reward", "model:" + Path.Combine(PathOf("rm"), "model")]);
        Assert.True(run.Code == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        foreach (string name in (string[])["rewards/model/mean", "objective/kl", "objective/scores", "policy/approxkl_avg", "policy/clipfrac_avg", "loss/policy_avg", "loss/value_avg", "val/ratio", "val/clipfrac_avg", "policy/entropy_avg"])
            Assert.True(result[name] is not null, $"{name} is missing: {run.Output}");
        Assert.Contains("not a reward model", CliRun.Of([.. arguments, "--reward", "model:" + PathOf("model")]).Error);
    }

    [Fact]
    public void Pairs_are_sampled_once_and_train()
    {
        string[] arguments =
        [
            "data", "pairs", "--model", PathOf("model"), "--data", PathOf("task.jsonl"), "--reward", "script:" + Script("Output.Length"), "--num-generations", "6",
            "--max-completion-length", "5", "--out", PathOf("pairs"), "--json", "--quiet",
        ];
        CliRun run = CliRun.Of(arguments);
        Assert.True(run.Code == 0, run.Error);
        string samples = Path.Combine(PathOf("pairs"), "samples.jsonl"), pairs = Path.Combine(PathOf("pairs"), "pairs.jsonl");
        string wholeSamples = File.ReadAllText(samples), wholePairs = File.ReadAllText(pairs);
        Assert.Equal(12, File.ReadAllLines(samples).Length);
        foreach (string line in File.ReadAllLines(pairs))
            Assert.True((double)JsonNode.Parse(line)!["chosen_reward"]! > (double)JsonNode.Parse(line)!["rejected_reward"]!);
        // As if it had been killed in the middle of the second prompt.
        File.WriteAllText(samples, string.Join('\n', wholeSamples.Split('\n').Take(8)) + "\n{\"row\":\"to");
        File.Delete(pairs);
        Assert.Equal(0, CliRun.Of(arguments).Code);
        Assert.Equal((wholeSamples, wholePairs), (File.ReadAllText(samples), File.ReadAllText(pairs)));
        Assert.Contains("holds another run", CliRun.Of([.. arguments, "--temperature", "0.5"]).Error);
        CliRun trained = CliRun.Of("train", "dpo", "--model", PathOf("model"), "--data", pairs, "--dry-run", "--json", "--quiet");
        Assert.Equal(Math.Log(2), (double)JsonNode.Parse(trained.Output)!["loss"]!, 1e-4);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    public void A_student_nears_its_teacher(string share)
    {
        TinyTextModel.Write(PathOf("teacher"), 2);
        CliRun run = CliRun.Of("train", "distill", "--model", PathOf("model"), "--teacher-model", PathOf("teacher"), "--data", PathOf("task.jsonl"), "--lmbda", share, "--temperature", "1",
            "--max-new-tokens", "8", "--batch", "4", "--steps", "60", "--lr", "3e-3", "--out", PathOf("out"), "--json", "--quiet");
        Assert.True(run.Code == 0, run.Error);
        JsonNode result = JsonNode.Parse(run.Output)!;
        Assert.True((double)result["loss_last"]! < 0.8 * (double)result["loss_first"]!, run.Output);
    }

    [Fact]
    public void Rows_of_another_kind_are_refused() => Assert.Contains(
        "needs chosen and rejected", CliRun.Of("train", "dpo", "--model", PathOf("model"), "--data", PathOf("task.jsonl"), "--dry-run").Error);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Script(string text, string name = "reward")
    {
        string path = PathOf(name + ".csx");
        File.WriteAllText(path, text);
        return path;
    }

    private string PathOf(string name) => Path.Combine(folder, name);
}
