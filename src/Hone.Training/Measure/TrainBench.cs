using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Models.Config;
using Hone.Models.Decoder;
using Hone.Tensors;
using Hone.Tensors.Measure;
using Hone.Tensors.Memory;
using Hone.Tensors.Ops;
using Hone.Tensors.Threads;
using Hone.Training.Optimizers;

namespace Hone.Training.Measure;

/// <summary>A Llama-like decoder with random weights and the batches it is trained on.</summary>
public sealed record TrainShape
{
    /// <summary>Blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>C.</summary>
    public required int Width { get; init; }

    /// <summary>H.</summary>
    public required int Heads { get; init; }

    /// <summary>K; 0 for as many as heads.</summary>
    public int KvHeads { get; init; }

    /// <summary>Inner width of the MLP.</summary>
    public required int Inner { get; init; }

    /// <summary>V; the head is tied to the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Tokens per sequence.</summary>
    public required int Length { get; init; }

    /// <summary>Sequences per step.</summary>
    public required int Batch { get; init; }

    /// <summary>1.07 million weights.</summary>
    public static TrainShape Small { get; } = new() { Layers = 4, Width = 128, Heads = 4, Inner = 512, Vocabulary = 96, Length = 128, Batch = 32 };

    /// <summary>8.3 million weights.</summary>
    public static TrainShape Mid { get; } = new() { Layers = 6, Width = 288, Heads = 6, Inner = 768, Vocabulary = 4096, Length = 256, Batch = 8 };

    /// <summary>
    /// Multiplications and additions of one step: six for each weight of a matrix and token (forward, and two products backward),
    /// and for attention the half of the scores that a causal mask leaves. Nothing is counted for the rest.
    /// </summary>
    public double Operations
    {
        get
        {
            double kvWidth = (KvHeads == 0 ? Heads : KvHeads) * (double)Width / Heads;
            double matrices = Layers * (2.0 * Width * Width + 2 * Width * kvWidth + 3.0 * Width * Inner) + (double)Vocabulary * Width;
            double tokens = (double)Length * Batch;
            return 6 * matrices * tokens + 6.0 * Layers * tokens * Length * Width;
        }
    }

    public override string ToString() => $"L{Layers} d{Width} h{Heads} ff{Inner} V{Vocabulary} T{Length} B{Batch}";

    internal JsonObject Config() => new()
    {
        ["model_type"] = "llama",
        ["vocab_size"] = Vocabulary,
        ["hidden_size"] = Width,
        ["intermediate_size"] = Inner,
        ["num_hidden_layers"] = Layers,
        ["num_attention_heads"] = Heads,
        ["num_key_value_heads"] = KvHeads == 0 ? Heads : KvHeads,
        ["max_position_embeddings"] = Length,
        ["rms_norm_eps"] = 1e-5,
        ["hidden_act"] = "silu",
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = true,
    };
}

/// <summary>Measures whole training steps: forward, backward, AdamW.</summary>
public static class TrainBench
{
    /// <summary>Tokens per second, with the share of the fp32 peak that the step's <see cref="TrainShape.Operations"/> make of it.</summary>
    /// <param name="workers">Threads.</param>
    /// <param name="shape">Model and batch.</param>
    /// <param name="seconds">How long to measure.</param>
    public static Measurement Run(WorkerPool workers, TrainShape shape, double seconds = 5)
    {
        using TrainStep step = new(workers, shape);
        for (int i = 0; i < 5; i++) step.Run(); // memory, and code that is compiled in stages
        double[] best = BestOf.Alternating([step.Run, () => Peaks.FmaSample(workers)], seconds);
        double speed = shape.Operations / best[0], peak = Peaks.FmaSampleOperations(workers) / best[1];
        return Measurement.Now($"train {shape}", shape.Length * shape.Batch / best[0], "tok/s", speed / peak, workers.Threads);
    }

    private sealed class TrainStep : IDisposable
    {
        private readonly LanguageModel model;
        private readonly BufferPool memory = new();
        private readonly Tape tape;
        private readonly AdamW optimizer;
        private readonly int[][] sequences;
        private readonly int[] targets;
        private readonly float[] weights;

        public TrainStep(WorkerPool workers, TrainShape shape)
        {
            model = new LanguageModel(ModelConfig.FromJson(shape.Config()));
            ModelInit.Randomise(model, new RandomStream(1, "bench/weights"));
            foreach (Parameter parameter in model.Parameters) parameter.Trainable = true;
            tape = new Tape(workers, memory);
            optimizer = new AdamW(model.Parameters, new AdamWOptions(), workers);
            RandomStream random = new(1, "bench/tokens");
            sequences = [.. Enumerable.Range(0, shape.Batch).Select(_ => Enumerable.Range(0, shape.Length).Select(_ => random.Next(shape.Vocabulary)).ToArray())];
            targets = [.. sequences.SelectMany(s => s[1..].Append(s[0]))];
            weights = new float[targets.Length];
            Array.Fill(weights, 1f / weights.Length);
        }

        public void Run()
        {
            Tensor hidden = model.Hidden(tape, TokenBatch.Of(sequences));
            tape.Backward(tape.LinearCrossEntropy(hidden, model.Head.Weight.Value, targets, weights, model.HeadOptions));
            optimizer.Step(1e-4);
            foreach (Parameter parameter in model.Parameters) parameter.Value.ClearGrad();
            tape.Reset();
        }

        public void Dispose()
        {
            tape.Dispose();
            memory.Dispose();
        }
    }
}
