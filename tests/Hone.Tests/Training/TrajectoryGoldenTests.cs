using System.Text.Json.Nodes;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Tensors;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;
using Hone.Training.Schedules;

namespace Hone.Tests.Training;

/// <summary>Thirty optimiser steps beside PyTorch's: losses, gradient norms and final weights.</summary>
public class TrajectoryGoldenTests
{
    private const string Folder = "data/golden/training/";

    [Theory]
    [InlineData("llama-adamw")]
    [InlineData("llama-tied-adamw")]
    [InlineData("qwen2-lora")]
    public void Thirty_steps_follow_the_reference(string id)
    {
        JsonObject row = GoldenJson.Rows(Folder + "trajectories/trajectories.jsonl").Single(r => (string)r["id"]! == id);
        JsonObject settings = row["settings"]!.AsObject();
        LanguageModel model = LoadModel(SharedData.Require(Folder + (string)row["model"]!));
        IReadOnlyList<Parameter> parameters = row["lora"] is JsonObject lora ? AttachLora(model, lora, id) : model.Parameters;
        TrainOptions options = new()
        {
            Lr = (double)settings["lr"]!,
            Beta1 = 0.9,
            Beta2 = 0.95,
            WeightDecay = (double)settings["weight_decay"]!,
            MaxGradNorm = (double)settings["max_grad_norm"]!,
            MicroTokens = 40,
        };
        Schedule schedule = new() { Name = "cosine", WarmupSteps = 4, TotalSteps = 30 };
        using Trainer trainer = new(parameters, new SupervisedObjective(model), options);
        JsonArray micro = row["micro_batches"]!.AsArray(), log = row["log"]!.AsArray();
        for (int step = 0; step < 30; step++)
        {
            List<TrainingExample> examples = [.. Examples(micro[2 * step % 12]!), .. Examples(micro[(2 * step + 1) % 12]!)];
            StepResult result = trainer.Step(examples, step, schedule.Factor(step) * options.Lr);
            Assert.Equal((double)log[step]!["num_target_tokens"]!, result.Weight);
            Assert.Equal((double)log[step]!["learning_rate"]!, result.LearningRate, 1e-9);
            Close((double)log[step]!["loss"]!, result.Loss, 1e-5, $"loss of step {step + 1}");
            Close((double)log[step]!["grad_norm"]!, result.GradNorm, 1e-4, $"gradient norm of step {step + 1}");
        }
        foreach ((string name, JsonNode? final) in row["final"]!.AsObject())
        {
            Parameter parameter = parameters.Single(p => p.Name == name);
            Close((double)final!["l2"]!, Math.Sqrt(parameter.Value.Data.ToArray().Sum(x => (double)x * x)), 1e-4, name);
            foreach ((string index, JsonNode? value) in final["at"]!.AsObject())
                Close((double)value!, parameter.Value.Data[int.Parse(index)], 1e-4, $"{name}[{index}]");
        }
    }

    internal static LanguageModel LoadModel(string folder)
    {
        LanguageModel model = new(Families.Read(JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!.AsObject(), folder));
        using IWeightFile file = ModelFiles.Open(folder);
        foreach (Parameter parameter in model.Parameters) file.ReadTensor(folder, parameter.Name, parameter.Value);
        foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
        return model;
    }

    private static IReadOnlyList<Parameter> AttachLora(LanguageModel model, JsonObject lora, string id)
    {
        LoraModel attached = LoraModel.Attach(model, new() { Rank = (int)lora["r"]!, Alpha = (double)lora["lora_alpha"]! }, new RandomStream(0, "a"));
        using SafetensorsFile init = new(SharedData.Require($"{Folder}trajectories/{id}.init.safetensors"));
        foreach (LoraLayer layer in attached.Layers) init.ReadTensor(id, "base_model.model." + layer.A.Name, layer.A.Value);
        return attached.Parameters;
    }

    private static IEnumerable<TrainingExample> Examples(JsonNode microBatch) => microBatch.AsArray().Select(r =>
    {
        int[] ids = [.. r!["input_ids"]!.AsArray().Select(n => (int)n!)];
        return new TrainingExample(new TrainingSequence(ids, [.. r["labels"]!.AsArray().Select(n => (int)n! == -100 ? 0f : 1f)]));
    });

    private static void Close(double expected, double actual, double tolerance, string what) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * (1 + Math.Abs(expected)), $"{what}: {actual} instead of {expected}");
}
