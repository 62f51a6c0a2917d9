using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Loading;
using Hone.Tensors;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Cli.Bench;

[CliCommand("bench train", "A training step: forward, backward, clipping, AdamW.")]
internal sealed class BenchTrainCommand : BenchCommand
{
    private readonly BenchModel model = new(BenchShape.Small, Precision.Fp32);
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of a sequence.", 128, 2, 1 << 20);
    private readonly Option<int> batch = CliOptions.Number("--batch", "Sequences of a step.", 32, 1, 1 << 20);
    private readonly Option<int> lora = CliOptions.Number("--lora-rank", "Train a LoRA adapter of this rank on every linear layer; 0 trains all weights.", 0, 0, 4096);
    private readonly Option<bool> recompute = CliOptions.Flag("--recompute", "Recompute activations on the way back.");

    protected override IEnumerable<Symbol> Own => [.. model.All, length, batch, lora, recompute];

    public override string Details => base.Details + "\n" +
        """
        Operations counted: forward, gradient of inputs, gradient of weights, for every product and for attention over the
        tokens before. With --lora-rank frozen weights count without a gradient of their own. Recomputation counts nothing.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench train", "a small model: 32 sequences of 128 tokens"),
        new("bench train --shape layers=6,dim=288,heads=6,kv=6,ff=768,vocab=4096 --length 256 --batch 8 --json", "a middle-sized one"),
        new("bench train --model model.gguf --lora-rank 8 --length 60 --batch 8", "LoRA on a real model"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        LoadedModel loaded = model.Load(run);
        (int tokens, int count, int rank) = (run.Get(length), run.Get(batch), run.Get(lora));
        IReadOnlyList<Parameter> parameters = loaded.Model.Parameters;
        if (rank > 0) parameters = LoraModel.Attach(loaded.Model, new LoraConfig { Rank = rank, Alpha = 2 * rank }, new RandomStream(1, "bench/lora"), workers).Parameters;
        else
            foreach (Parameter parameter in parameters) parameter.Trainable = true;
        TrainingExample[] examples = [.. Enumerable.Range(0, count).Select(i => new TrainingExample(TrainingSequence.Whole(BenchModel.Tokens(loaded.Model, tokens, i))))];
        TrainOptions options = new() { Lr = 1e-4, Batch = count };
        using Trainer trainer = new(parameters, new SupervisedObjective(loaded.Model, run.Get(recompute)), options, workers: workers);
        int step = 0;
        (double peak, BenchTimes times) = WithPeak(s => Peaks.Fma(workers, s), () => BenchTimer.Run(run, seconds, () => { trainer.Step(examples, step++, options.Lr); }));
        double all = (double)tokens * count, operations = ModelWork.Train(loaded.Model, tokens, rank);
        return new($"train {model.Name(run)}", all / times.Best, "tok/s", all * operations / times.Best / peak)
        {
            Peak = "fp32",
            Median = all / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["length"] = tokens, ["batch"] = count, ["lora_rank"] = rank, ["parameters"] = loaded.Model.ParameterCount, ["operations_per_token"] = operations },
        };
    }
}
