using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Models.Decoder;
using Hone.Models.Formats;
using Hone.Models.Loading;
using Hone.Models.Tokenizers;
using Hone.Tensors.Threads;
using Hone.Training;
using Hone.Training.Objectives;

namespace Hone.Methods.TinyLm;

/// <summary>
/// Trains the recall model on short documents first: finding a key forms within minutes at 128 tokens, and the step to longer texts
/// is small then, while at 2048 tokens from the start the same number of tokens holds a sixteenth of the documents.
/// </summary>
internal static class PretrainRecall
{
    public static PretrainResult Run(PretrainOptions options, RunContext run, WorkerPool workers)
    {
        RecallOptions recall = options.Recall;
        Tokenizer tokenizer = RecallModel.CreateTokenizer();
        LanguageModel model = RecallModel.Create(recall, tokenizer.VocabularySize, run.Rng("pretrain/init"));
        foreach (var parameter in model.Parameters) parameter.Trainable = true;
        TextModel text = new(new LoadedModel(model, null, tokenizer), workers);
        run.Reporter.Line($"recall model: {model.ParameterCount:N0} weights, {tokenizer.VocabularySize} tokens");
        using Trainer trainer = new(model.Parameters, new SupervisedObjective(model, options.Train.Recompute), options.Train, workers: workers)
        {
            AfterStep = result => SaveRung(options, run, text, result.Step),
        };
        long examples = (long)options.Train.StepCount(null) * options.Train.Batch;
        TrainingSummary summary = trainer.Run(new RecallData(tokenizer, recall, examples, run.Seed), run);
        string folder = run.PathOf("model");
        text.Save(folder, WeightType.BF16);
        Dictionary<string, double> parts = Evaluate(options, run, text, recall.TestLengths, options.HeldOut);
        double worst = parts.Values.Min();
        return new(folder, model.ParameterCount, worst, "task", parts, summary.Tokens, summary.Seconds, worst >= options.Gate);
    }

    private static Dictionary<string, double> Evaluate(PretrainOptions options, RunContext run, TextModel text, IReadOnlyList<int> lengths, int samples)
    {
        Dictionary<string, double> parts = [];
        using IProgressTask progress = run.Reporter.Start("held-out questions", lengths.Count * LongContextTasks.Recall.Count, "tasks");
        foreach (int length in lengths)
            foreach (string task in LongContextTasks.Recall)
            {
                parts[$"{task}/{length}"] = RecallEvaluation.Score(text, task, length, samples, options.Recall.TestSeed, run);
                progress.Advance(1);
            }
        return parts;
    }

    private static void SaveRung(PretrainOptions options, RunContext run, TextModel text, int step)
    {
        if (!options.Rungs.Contains(step)) return;
        int length = Math.Max(128, options.Recall.LengthAt((double)step / options.Train.StepCount(null))); // several questions at once take more than 64 tokens
        Dictionary<string, double> parts = Evaluate(options, run, text, [length], 24);
        run.Reporter.Line($"step {step}, {length} tokens: {string.Join(", ", parts.Select(p => $"{p.Key} {p.Value:P0}"))}");
    }
}
