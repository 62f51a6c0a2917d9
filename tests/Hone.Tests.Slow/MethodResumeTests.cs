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
        Tokenizer tokenizer = SeedTokenizer.Create(["+", "="]);
        LanguageModel model = new(ModelConfig.FromJson(new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"),
            ["model_type"] = "llama",
            ["vocab_size"] = tokenizer.VocabularySize,
            ["hidden_size"] = 32,
            ["intermediate_size"] = 64,
            ["num_hidden_layers"] = 2,
            ["num_attention_heads"] = 4,
            ["num_key_value_heads"] = 2,
            ["rms_norm_eps"] = 1e-5,
            ["max_position_embeddings"] = 512,
            ["tie_word_embeddings"] = true,
        }, "test"));
        ModelInit.Randomise(model, new RandomStream(5, "weights"));
        ModelSaver.Save(PathOf("model"), new LoadedModel(model, null, tokenizer), WeightType.F32);
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
        const int kills = 4;
        string[] Arguments(string name) => [.. arguments, "--out", PathOf(name), "--checkpoint-every", "15", "--threads", "1", "--seed", "7", "--quiet"];
        ProcessResult whole = HoneProcess.Run(Arguments("whole"));
        Assert.True(whole.ExitCode == 0, whole.Error);
        Random random = new(20);
        int atWork = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            using HoneProcess run = HoneProcess.Start(Arguments("killed"));
            int wait = 400 + random.Next(900);
            for (int waited = 0; waited < wait && !run.HasExited; waited += 25) Thread.Sleep(25);
            if (!run.HasExited) atWork++;
            run.Kill();
        }
        Assert.True(atWork >= kills / 2, $"only {atWork} of {kills} runs were still at work when they were killed");
        ProcessResult last = HoneProcess.Run(Arguments("killed"));
        Assert.True(last.ExitCode == 0, last.Error);
        Assert.Equal(Hash(Path.Combine(PathOf("whole"), weights)), Hash(Path.Combine(PathOf("killed"), weights)));
    }

    private string PathOf(string name) => Path.Combine(folder, name);

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
}
