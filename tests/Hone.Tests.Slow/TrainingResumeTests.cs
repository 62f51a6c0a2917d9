using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;

namespace Hone.Tests;

/// <summary>A run that is killed at any moment ends at the same bits as one that was left alone.</summary>
public class TrainingResumeTests
{
    [Theory]
    [InlineData("bmc", "pairs.jsonl", 300, 4, "adapter/adapter_model.safetensors", "--lr", "1e-3", "--lora-rank", "4", "--delta", "3")]
    [InlineData("rise", "pairs.jsonl", 300, 4, "model/model.safetensors", "--lr", "1e-3")]
    [InlineData("flat-lora", "rows.jsonl", 300, 4, "adapter/adapter_model.safetensors", "--lr", "3e-3", "--flat-sigma", "0.3")]
    [InlineData("inverse-q", "task.jsonl", 240, 4, "model/model.safetensors", "--lr", "1e-3", "--condition", "x {question}", "--max-completion-length", "6", "--refresh-every", "7")]
    [InlineData("sft", "rows.jsonl", 1000, 10, "model/model.safetensors", "--lr", "3e-3")]
    [InlineData("dpo", "pairs.jsonl", 300, 4, "adapter/adapter_model.safetensors", "--lr", "1e-3", "--lora-rank", "4")]
    [InlineData("grpo", "task.jsonl", 240, 4, "model/model.safetensors", "--lr", "1e-3", "--num-generations", "4", "--max-completion-length", "6", "--check", "exact")]
    [InlineData("ppo", "task.jsonl", 320, 4, "model/model.safetensors", "--lr", "1e-3", "--num-mini-batches", "2", "--num-ppo-epochs", "3", "--max-completion-length", "6", "--check", "exact", "--target-kl", "1")]
    [InlineData("reinforce++", "task.jsonl", 240, 3, "model/model.safetensors", "--lr", "1e-3", "--num-ppo-epochs", "3", "--max-completion-length", "6", "--check", "exact")]
    [InlineData("rloo", "task.jsonl", 240, 3, "model/model.safetensors", "--lr", "1e-3", "--num-generations", "2", "--max-completion-length", "6", "--check", "exact", "--beta", "0.1")]
    [InlineData("reinforce", "task.jsonl", 240, 3, "model/model.safetensors", "--lr", "1e-3", "--baseline", "greedy", "--max-completion-length", "6", "--check", "exact")]
    [InlineData("online-dpo", "task.jsonl", 240, 3, "model/model.safetensors", "--lr", "1e-3", "--max-completion-length", "6", "--check", "exact")]
    [InlineData("expert", "task.jsonl", 320, 3, "model/model.safetensors", "--lr", "1e-3", "--prompts-per-round", "8", "--threshold", "0", "--num-generations", "2", "--max-completion-length", "6", "--check", "exact")]
    [InlineData("distill", "rows.jsonl", 200, 3, "model/model.safetensors", "--lr", "1e-3", "--max-new-tokens", "6", "--teacher-model", "TEACHER")]
    [InlineData("ipo", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3")]
    [InlineData("rdpo", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3")]
    [InlineData("kto", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3")]
    [InlineData("cpo", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3")]
    [InlineData("simpo", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3")]
    [InlineData("orpo", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3", "--optimizer", "adafactor")]
    [InlineData("rm", "pairs.jsonl", 300, 3, "model/model.safetensors", "--lr", "1e-3", "--optimizer", "adagrad")]
    public void A_killed_run_resumes_to_bit_identical_weights(string trainer, string data, int steps, int kills, string weights, params string[] settings)
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        string model = Path.Combine(folder, "model");
        KilledRun.WriteModel(model, 5, context: 128);
        if (trainer == "distill") KilledRun.WriteModel(Path.Combine(folder, "teacher"), 6, context: 128);
        WriteRows(folder);
        string[] Arguments(string name) =>
        [
            "train", trainer, "--model", model, "--data", Path.Combine(folder, data), "--out", Path.Combine(folder, name), "--steps", $"{steps}", "--batch", "4",
            "--checkpoint-every", "20", "--threads", "1", "--seed", "7", "--quiet", .. settings.Select(s => s == "TEACHER" ? Path.Combine(folder, "teacher") : s),
        ];
        KilledRun.Compare(Arguments, kills, 250, 1150);

        Assert.Equal(KilledRun.Hash(folder, "whole", weights), KilledRun.Hash(folder, "killed", weights));
        int[] logged = [.. Jsonl.Read(Path.Combine(folder, "killed", "metrics.jsonl")).Select(r => (int)r.Fields["step"]!)];
        Assert.Equal(Enumerable.Range(1, steps), logged);
        Directory.Delete(folder, recursive: true);
    }

    private static void WriteRows(string folder)
    {
        StringBuilder rows = new(), pairs = new(), tasks = new();
        for (int i = 0; i < 60; i++)
        {
            (string question, int answer) = ($"{i} + {i % 7} =", i + i % 7);
            rows.Append($"{{\"prompt\":\"{question}\",\"completion\":\" {answer}\"}}\n");
            pairs.Append($"{{\"prompt\":\"{question}\",\"chosen\":\" {answer}\",\"rejected\":\" {answer + 1}\"}}\n");
            tasks.Append($"{{\"question\":\"{question}\",\"answer\":\"{answer}\"}}\n");
        }
        File.WriteAllText(Path.Combine(folder, "rows.jsonl"), rows.ToString());
        File.WriteAllText(Path.Combine(folder, "pairs.jsonl"), pairs.ToString());
        File.WriteAllText(Path.Combine(folder, "task.jsonl"), tasks.ToString());
    }
}
