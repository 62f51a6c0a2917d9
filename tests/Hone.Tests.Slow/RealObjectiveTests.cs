using System.Text.Json.Nodes;
using Hone.Cli;
using Hone.Core;

namespace Hone.Tests;

/// <summary>
/// Every objective of <c>hone train</c> on a real model with an adapter, for two steps on a few real rows, in the forms their authors publish them:
/// ShareGPT, conversations, plain texts, with and without a prompt.
/// </summary>
public sealed class RealObjectiveTests : IDisposable
{
    private const int Rows = 2;
    private static readonly string[] Sampling = ["--max-completion-length", "6", "--num-generations", "2", "--batch", "2"];
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    [Theory]
    [InlineData("sft", "glaive")]
    [InlineData("dpo", "sharegpt", "--loss-type", "sigmoid,sft", "--loss-weights", "1,0.1")]
    [InlineData("dpo", "plain")]
    [InlineData("ipo", "conversations")]
    [InlineData("rdpo", "implicit")]
    [InlineData("kto", "judged", "--batch", "2")]
    [InlineData("cpo", "plain")]
    [InlineData("simpo", "plain")]
    [InlineData("orpo", "sharegpt")]
    [InlineData("rm", "plain")]
    [InlineData("bmc", "plain")]
    [InlineData("rise", "steps")]
    [InlineData("flat-lora", "questions", "--flat-sigma", "0.05")]
    [InlineData("tl", "glaive", "--irm", "false", "--max-length", "400")]
    [InlineData("tl", "glaive", "--max-length", "500", "--set", "ppo.steps=2", "--set", "ppo.batch=2", "--set", "ppo.max_completion_length=12", "--set", "ppo.lr=1e-5")]
    public void Offline(string trainer, string data, params string[] settings) => Train(trainer, data, settings);

    [Theory]
    [InlineData("grpo", "questions")]
    [InlineData("rloo", "plain", "--reward", "script:SCRIPT")]
    [InlineData("reinforce", "conversations", "--reward", "script:SCRIPT", "--num-generations", "1")]
    [InlineData("reinforce++", "questions", "--num-generations", "1")]
    [InlineData("ppo", "questions", "--num-generations", "1", "--num-mini-batches", "1", "--num-ppo-epochs", "1")]
    [InlineData("online-dpo", "questions")]
    [InlineData("rise", "sums", "--max-completion-length", "96", "--num-generations", "6", "--temperature", "0.8", "--top-p", "0.95", "--max-length", "300")]
    [InlineData("expert", "questions", "--reward", "script:SCRIPT", "--threshold", "0", "--prompts-per-round", "2", "--steps-per-round", "1")]
    [InlineData("scir", "plain", "--anchor", "PLAIN", "--iterations", "1", "--temperature", "1.5", "--max-drop", "1", "--label-warmup", "1", "--max-length", "220")]
    [InlineData("inverse-q", "questions", "--condition", "Answer in one word. {question}")]
    public void With_samples(string trainer, string data, params string[] settings) => Train(trainer, data, [.. Sampling.Chunk(2).Where(s => !settings.Contains(s[0])).SelectMany(s => s), .. settings]);

    [Fact]
    public void Distillation() => Train("distill", "glaive", ["--teacher-model", SharedData.Require("models/smollm2-135m-instruct"), "--max-new-tokens", "6", "--lmbda", "0.5"]);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Train(string trainer, string data, string[] settings)
    {
        string model = SharedData.Require("models/smollm2-135m-instruct"), script = Write("reward.csx", ["Output.Contains('e') ? 1 : 0.2"]);
        string rows = Write(data + ".jsonl", Lines(data)), plain = settings.Contains("PLAIN") ? Write("anchor.jsonl", Lines("plain")) : "";
        string[] length = settings.Contains("--max-length") ? [] : ["--max-length", "144"], batch = settings.Contains("--batch") ? [] : ["--batch", "1"], map = data == "questions" ? ["--map", "question=problem"] : [];
        StringWriter output = new(), error = new();
        int code = CliApp.Run(
            ["train", trainer, "--model", model, "--data", rows, "--out", PathOf("out"), "--lora-rank", "4", "--lr", "1e-4", "--steps", "2", "--warmup", "0", "--json", "--quiet",
                .. length, .. batch, .. map, .. settings.Select(s => s.Replace("SCRIPT", script).Replace("PLAIN", plain))], CommandTree.All, output, error, isTerminal: false, TestContext.Current.CancellationToken);
        Assert.True(code == 0, $"{trainer}: {error}");
        JsonNode result = JsonNode.Parse(output.ToString())!;
        Assert.True(double.IsFinite((double)result["loss_last"]!), output.ToString());
        Assert.Equal(2, (int)result["steps"]!);
        Assert.True(File.Exists(Path.Combine((string)result["out"]!, trainer == "rm" ? "model.safetensors" : "adapter_model.safetensors")), (string)result["out"]!);
        string[] stages = Directory.GetFiles(PathOf("out"), "metrics.jsonl", SearchOption.AllDirectories);
        Assert.Equal(settings.Contains("ppo.steps=2") ? 2 : 1, stages.Length);
        Assert.All(stages, metrics =>
        {
            Assert.Equal(2, Jsonl.Read(metrics).Count());
            Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(metrics)!, "report.html")));
        });
    }

    /// <summary>The shortest real rows, in one of the forms.</summary>
    private static IEnumerable<string> Lines(string form)
    {
        if (form is "questions" or "steps") return Shortest("bmc/qasc_validation.jsonl").Select(r => form == "questions" ? r : Steps(r)).Select(r => r.ToJsonString());
        if (form == "sums") return new (int A, int B)[] { (1, 1), (2, 2), (2, 3), (3, 4) }.Select(s => new JsonObject { ["question"] = $"What is {s.A} + {s.B}?", ["answer"] = $"{s.A + s.B}" }.ToJsonString());
        if (form == "judged") return Shortest("preference-harness/kto_en_demo.jsonl", r => (bool)r["label"]!, Rows / 2).Concat(Shortest("preference-harness/kto_en_demo.jsonl", r => !(bool)r["label"]!, Rows / 2)).Select(r => r.ToJsonString());
        if (form == "glaive") return Shortest("tl-training/glaive_toolcall_en_demo.jsonl", r => r.ToJsonString().Contains("function_call")).Select(r => r.ToJsonString());
        return Shortest("preference-harness/dpo_en_demo.jsonl", r => r["conversations"]!.AsArray().Count == 1).Select(r => form == "sharegpt" ? r : Pair(r, form)).Select(r => r.ToJsonString());
    }

    private static IEnumerable<JsonObject> Shortest(string file, Func<JsonObject, bool>? filter = null, int count = Rows) =>
        File.ReadLines(SharedData.Require("data/" + file)).OrderBy(l => l.Length).Select(l => JsonNode.Parse(l)!.AsObject()).Where(filter ?? (_ => true)).Take(count);

    /// <summary>A ShareGPT pair as TRL's plain, conversational or implicit-prompt form.</summary>
    private static JsonObject Pair(JsonObject row, string form)
    {
        string prompt = (string)row["conversations"]![0]!["value"]!, chosen = (string)row["chosen"]!["value"]!, rejected = (string)row["rejected"]!["value"]!;
        return form switch
        {
            "plain" => new() { ["prompt"] = prompt, ["chosen"] = chosen, ["rejected"] = rejected },
            "implicit" => new() { ["chosen"] = new JsonArray(Turn("user", prompt), Turn("assistant", chosen)), ["rejected"] = new JsonArray(Turn("user", prompt), Turn("assistant", rejected)) },
            _ => new() { ["prompt"] = new JsonArray(Turn("user", prompt)), ["chosen"] = new JsonArray(Turn("assistant", chosen)), ["rejected"] = new JsonArray(Turn("assistant", rejected)) },
        };
    }

    /// <summary>The first line of a solution as the step before, its second beside one with its first word doubled.</summary>
    private static JsonObject Steps(JsonObject row)
    {
        string[] lines = ((string)row["solution"]!).Split('\n');
        return new() { ["prompt"] = row["problem"]!.DeepClone(), ["initial_reason_steps"] = lines[0] + "\n", ["chosen"] = lines[1], ["rejected"] = lines[1].Split(' ')[0] + " " + lines[1] };
    }

    private static JsonObject Turn(string role, string content) => new() { ["role"] = role, ["content"] = content };

    private string PathOf(string name) => Path.Combine(folder, name);

    private string Write(string name, IEnumerable<string> lines)
    {
        File.WriteAllLines(PathOf(name), lines);
        return PathOf(name);
    }
}
