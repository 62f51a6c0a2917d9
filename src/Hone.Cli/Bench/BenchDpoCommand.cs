using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Cli.Options;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Measure;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Adapters;
using Hone.Training.Batching;
using Hone.Training.Objectives.Preference;

namespace Hone.Cli.Bench;

[CliCommand("bench dpo", "A step of direct preference optimisation, reference passes included.")]
internal sealed class BenchDpoCommand : BenchCommand
{
    private readonly BenchModel model = new("layers=6,dim=288,heads=6,kv=6,ff=768,vocab=4096", Precision.Fp32);
    private readonly Option<int> length = CliOptions.Number("--length", "Tokens of a prompt with its answer.", 128, 4, 1 << 20);
    private readonly Option<int> batch = CliOptions.Number("--batch", "Pairs of a step.", 8, 1, 1 << 20);
    private readonly Option<int> lora = CliOptions.Number("--lora-rank", "Train a LoRA adapter of this rank on every linear layer; 0 trains all weights.", 0, 0, 4096);

    protected override IEnumerable<Symbol> Own => [.. model.All, length, batch, lora];

    public override string Details => base.Details + "\n" +
        """
        Half of each sequence is the prompt. Every step computes the reference's log-probabilities of its pairs anew, as the first pass over
        a data set does; later passes find them on disk.
        """;

    public override IReadOnlyList<Example> Examples { get; } =
    [
        new("bench dpo", "8 pairs of 128 tokens on a model of 8 million weights"),
        new("bench dpo --model model.gguf --lora-rank 8 --length 60 --json", "LoRA on a real model"),
    ];

    protected override BenchResult Measure(CommandRun run, WorkerPool workers, double seconds)
    {
        LanguageModel policy = model.Load(run).Model;
        (int tokens, int count, int rank) = (run.Get(length), run.Get(batch), run.Get(lora));
        IReadOnlyList<Parameter> parameters = policy.Parameters;
        if (rank > 0) parameters = LoraModel.Attach(policy, new LoraConfig { Rank = rank, Alpha = 2 * rank }, new RandomStream(1, "bench/lora"), workers).Parameters;
        else
            foreach (Parameter parameter in parameters) parameter.Trainable = true;
        TrainingExample[] pairs = [.. Enumerable.Range(0, count).Select(i => new TrainingExample([Answer(policy, tokens, 2 * i), Answer(policy, tokens, 2 * i + 1)]))];
        TrainOptions options = new() { Lr = 1e-6, Batch = count };
        using Trainer trainer = new(parameters, new DpoObjective(policy, new PreferenceOptions()), options, workers: workers);
        int step = 0;
        // The policy's own weights stand for the reference's: a pass through either takes as long.
        (double peak, BenchTimes times) = WithPeak(s => Peaks.Fma(workers, s), () => BenchTimer.Run(run, seconds, () =>
            { trainer.Step(ReferenceLogProbs.AddTo(policy, pairs, "", options.MicroTokens, workers, IReporter.Silent), step++, options.Lr); }));
        double all = 2.0 * tokens * count;
        // The head sees the answers only, half of the tokens: of its 6 (with LoRA 4) operations a weight 3 (2) remain, and 1 of the reference's 2.
        double head = ModelWork.HeadWeights(policy), reference = 2 * ModelWork.BlockWeights(policy) + head + ModelWork.Attention(policy.Config, (tokens + 1) / 2.0);
        double operations = ModelWork.Train(policy, tokens, rank) - (rank == 0 ? 3 : 2) * head + reference;
        return new($"dpo {model.Name(run)}", count / times.Best, "pairs/s", all * operations / times.Best / peak)
        {
            Peak = "fp32",
            Median = count / times.Median,
            Samples = times.Count,
            More = new JsonObject { ["length"] = tokens, ["batch"] = count, ["lora_rank"] = rank, ["parameters"] = policy.ParameterCount },
        };
    }

    private static TrainingSequence Answer(LanguageModel model, int tokens, int seed) => TrainingSequence.FromPrompt(BenchModel.Tokens(model, tokens, seed), tokens / 2);
}
