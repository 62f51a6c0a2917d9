using Hone.Core;
using Hone.Evaluation.LongContext;
using Hone.Inference;
using Hone.Inference.Caches;
using Hone.Models.Decoder;

namespace Hone.Methods.KvCache;

/// <summary>
/// Measures cache settings against the full cache on the same prompts. What the full cache says is computed once and kept, so that
/// many settings can be compared.
/// </summary>
public sealed class KvEvaluation
{
    private readonly TextModel model;
    private readonly KvEvaluationOptions options;
    private readonly RunContext run;
    private readonly IReadOnlyList<KvPrompt> prompts;
    private readonly IReadOnlyList<int[]> pieces;
    private readonly List<KvAnswer> fullAnswers = [];
    private readonly List<List<float[]>> fullLogits = [];
    private long fullBytes;

    /// <param name="model">The model.</param>
    /// <param name="options">Tasks, length, samples.</param>
    /// <param name="text">Running text for the stream; null for made-up sentences.</param>
    /// <param name="run">Reporter, cancellation.</param>
    public KvEvaluation(TextModel model, KvEvaluationOptions options, string? text, RunContext run)
    {
        options.Check();
        (this.model, this.options, this.run) = (model, options, run);
        prompts = KvPrompt.All(model, options);
        pieces = options.Tasks.Contains(KvEvaluationOptions.Stream) ? KvStream.Pieces(model, text, options) : [];
        int longest = prompts.Select(p => p.Context.Length + p.Question.Length + p.Sample.MaxNewTokens).Concat(pieces.Select(p => p.Length)).Max();
        if (longest > model.Model.Config.MaxPositions) run.Reporter.Warn($"prompts of {longest} tokens are longer than the model's context of {model.Model.Config.MaxPositions}.");
    }

    /// <summary>Measures one setting.</summary>
    /// <param name="name">What it is called in results.</param>
    /// <param name="settings">The cache.</param>
    /// <param name="measureSpeed">Also measures decoding speed of both caches.</param>
    public KvResult Measure(string name, KvOptions settings, bool measureSpeed = true)
    {
        KvPlan plan = new(settings, model.Model, model.Workers);
        KvRunner full = new(model, null), compressed = new(model, model.Model.Config.Latent is null ? _ => new PolicyKvCache(plan) : null);
        using IProgressTask progress = run.Reporter.Start(name, prompts.Count + pieces.Count, "prompts");
        List<KvAnswer> answers = [];
        List<KvMemory> memory = [];
        for (int i = 0; i < prompts.Count; i++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            if (fullAnswers.Count == i)
            {
                fullAnswers.Add(full.Answer(prompts[i]));
                fullBytes += fullAnswers[i].Memory.Bytes;
            }
            answers.Add(compressed.Answer(prompts[i]));
            memory.Add(answers[i].Memory);
            progress.Advance(1);
        }
        FidelityReport? fidelity = pieces.Count > 0 ? Fidelity(full, compressed, plan.Options.Every == 0 && plan.Format is { IsRounded: false, CanDrop: true }, memory, progress) : null;
        double[] speed = measureSpeed && options.SpeedTokens > 0 ? Speed(full, compressed) : [double.NaN, double.NaN];
        return KvResult.Of(name, prompts, fullAnswers, answers, fidelity, memory, fullBytes, speed);
    }

    private FidelityReport Fidelity(KvRunner full, KvRunner compressed, bool atOnce, List<KvMemory> memory, IProgressTask progress)
    {
        FidelityCounter counter = new();
        for (int i = 0; i < pieces.Count; i++)
        {
            run.Cancellation.ThrowIfCancellationRequested();
            if (fullLogits.Count == i)
            {
                List<float[]> own = [];
                fullBytes += full.Continue(pieces[i], options.StreamTokens, atOnce: true, (_, logits) => own.Add(logits)).Bytes;
                fullLogits.Add(own);
            }
            int at = 0;
            memory.Add(compressed.Continue(pieces[i], options.StreamTokens, atOnce, (next, logits) => counter.Add(fullLogits[i][at++], logits, pieces[i][next])));
            progress.Advance(1);
        }
        return counter.Report();
    }

    private double[] Speed(KvRunner full, KvRunner compressed)
    {
        int[] context = prompts.Select(p => p.Context).Concat(pieces).MaxBy(c => c.Length)!;
        using CachedSequence exact = full.Begin(context), small = compressed.Begin(context);
        return KvSpeed.Measure([exact, small], options.SpeedTokens);
    }
}
