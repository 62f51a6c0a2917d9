using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Tests;

/// <summary>SCIR, TL-Training and the two-player game: killed at any moment, each ends at the same bits as a run that was left alone.</summary>
public sealed class MethodResumeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public MethodResumeTests()
    {
        KilledRun.WriteModel(PathOf("model"), 5, context: 512);
        File.WriteAllLines(PathOf("prompts.jsonl"), Enumerable.Range(0, 40).Select(i => $$"""{"prompt":"{{i}} + {{i % 7}} ="}"""));
        File.WriteAllLines(PathOf("anchor.jsonl"), Enumerable.Range(0, 20).Select(i => $$"""{"prompt":"{{i}} + 1 =","chosen":" {{i + 1}}","rejected":" {{i + 3}}"}"""));
        File.WriteAllLines(PathOf("tools.jsonl"), Enumerable.Range(0, 30).Select(i =>
            """{"tools":[{"name":"add","parameters":{"properties":{"a":{}}}}],"conversations":[{"from":"human","value":"#"},{"from":"function_call","value":"{\"name\": \"add\", \"arguments\": {\"a\": #}}"},{"from":"observation","value":"ok"}]}""".Replace("#", $"{i}")));
        File.WriteAllText(PathOf("judge.txt"), "{{prompt}}|{{a}}|{{b}}");
        File.WriteAllText(PathOf("rules.txt"), "[0-4]");
        File.WriteAllText(PathOf("attack.txt"), "{{seed}}");
    }

    [Fact]
    public void Scir() => Check("model/model.safetensors",
        "train", "scir", "--model", PathOf("model"), "--data", PathOf("prompts.jsonl"), "--anchor", PathOf("anchor.jsonl"), "--judge-template", PathOf("judge.txt"), "--num-generations", "2",
        "--max-completion-length", "8", "--iterations", "3", "--label-warmup", "3", "--max-drop", "1", "--steps", "150", "--batch", "4", "--lr", "1e-3");

    [Fact]
    public void Tool_training() => Check("ppo/adapter/adapter_model.safetensors",
        "train", "tl", "--model", PathOf("model"), "--data", PathOf("tools.jsonl"), "--steps", "150", "--batch", "4", "--lr", "1e-3", "--lora-rank", "4", "--max-completion-length", "8",
        "--set", "ppo.steps=60", "--set", "ppo.batch=4", "--set", "ppo.lr=1e-3");

    [Fact]
    public void Game() => Check("defender/model.safetensors",
        "game", "train", "--defender", PathOf("model"), "--data", PathOf("prompts.jsonl"), "--guard", "rule:" + PathOf("rules.txt"), "--attack-template", PathOf("attack.txt"), "--max-attack-length", "8",
        "--max-completion-length", "8", "--defend-steps", "3", "--attack-steps", "2", "--steps", "90", "--batch", "4", "--lr", "1e-3", "--evaluate-every", "40");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private void Check(string weights, params string[] arguments)
    {
        KilledRun.Compare(name => [.. arguments, "--out", PathOf(name), "--checkpoint-every", "15", "--threads", "1", "--seed", "7", "--quiet"], 4, 400, 1300);
        Assert.Equal(KilledRun.Hash(PathOf("whole"), weights), KilledRun.Hash(PathOf("killed"), weights));
    }

    private string PathOf(string name) => Path.Combine(folder, name);
}
