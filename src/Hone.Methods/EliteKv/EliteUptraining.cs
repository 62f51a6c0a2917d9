using System.ComponentModel;
using Hone.Core;
using Hone.Core.Recipes;
using Hone.Inference;
using Hone.Methods.LongContext;
using Hone.Methods.Supervised;
using Hone.Models.Decoder;
using Hone.Models.Loading;
using Hone.Training;
using Hone.Training.Objectives;

namespace Hone.Methods.EliteKv;

/// <summary>Settings of <c>hone kv elite uptrain</c>.</summary>
[Recipe("elitekv-uptrain")]
public sealed record EliteUptrainOptions
{
    [Description("text to go on learning from: a .txt file, a table with a column text, or recall for generated facts and questions")]
    public string Data { get; init; } = TokenSequences.Recall;

    [Description("tokens of a sequence")]
    [Limits(AtLeast = 2)]
    public int Length { get; init; } = 512;

    [Description("sequences that are read or generated at most")]
    [Limits(AtLeast = 1)]
    public int Sequences { get; init; } = 10_000;

    [Description("the training loop")]
    public TrainOptions Train { get; init; } = new() { Steps = 200, Batch = 8, Lr = 3e-4, Schedule = "cosine", Warmup = 0.05, Beta2 = 0.95 };
}

/// <summary>
/// Continued pre-training of a converted model, all weights trainable: the language-model loss on running text. EliteKV,
/// arXiv:2503.01586. Serves any model, so that baselines can be trained alike.
/// </summary>
public static class EliteUptraining
{
    /// <summary>Trains in place.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Data and loop.</param>
    /// <param name="run">Seed, reporter, folder for checkpoints (empty: none).</param>
    public static TrainingSummary Run(TextModel model, EliteUptrainOptions options, RunContext run)
    {
        List<int[]> sequences = TokenSequences.Read(model, options.Data, options.Length, options.Sequences, run.Rng("uptrain/data"));
        return FineTuning.Full(model, new SupervisedObjective(model.Model, options.Train.Recompute), TokenSequences.ForTraining(sequences, run.Rng("uptrain/order")), options.Train, run);
    }

    /// <summary>The same tokenizer and settings around another set of weights.</summary>
    public static TextModel With(TextModel original, LanguageModel model) =>
        new(new LoadedModel(model, original.Loaded.Generation, original.Tokenizer), original.Workers);
}
