using System.Text.Json.Nodes;
using Hone.Core;
using Hone.Data;
using Hone.Data.Preferences;
using Hone.Inference;
using Hone.Methods.OnPolicy;
using Hone.Methods.Preference;
using Hone.Training.Batching;
using Hone.Training.Objectives;

namespace Hone.Methods.Scir;

/// <summary>Pairs whose better answer is known: some are learnt from in every batch, the others only measure the rewards.</summary>
internal sealed class ScirAnchor
{
    private ScirAnchor(List<ScirPair> learnt, List<ScirPair> heldOut, JudgePrompt judge)
    {
        (HeldOut, Seeds) = (heldOut, learnt);
        Examples = [.. learnt.Select(p => Taught(p, judge))];
    }

    /// <summary>No anchor.</summary>
    public static ScirAnchor None(JudgePrompt judge) => new([], [], judge);

    /// <summary>Never learnt from.</summary>
    public IReadOnlyList<ScirPair> HeldOut { get; }

    /// <summary>Learnt from; the better answer is named by <see cref="ScirPair.Gold"/>.</summary>
    public IReadOnlyList<ScirPair> Seeds { get; }

    /// <summary>
    /// What the seeds teach as anchors, one unit of loss each: half of it the likelihood of the better answer, half the judge's verdict in
    /// both orders; the likelihood alone where another judge judges.
    /// </summary>
    public IReadOnlyList<TrainingExample> Examples { get; }

    /// <summary>Rows of prompt, chosen and rejected; which answer comes first is drawn.</summary>
    /// <exception cref="HoneException">Rows of another kind.</exception>
    public static ScirAnchor Of(TextModel model, Dataset data, JudgePrompt judge, PairSampler sampler, double heldOutShare, ReferencePolicy reference, RunContext run)
    {
        if (data.Kind != RowKind.Preference)
            throw new HoneException($"{data.Path}: an anchor needs rows of prompt, chosen and rejected; these are of kind {data.Kind.ToString().ToLowerInvariant()}.");
        PairTokenizer tokenizer = new(model.Text);
        RandomStream random = run.Rng("scir/anchor");
        List<ScirPair> pairs = [];
        int tooLong = 0;
        foreach (Row raw in data.Rows)
        {
            Row row = ImplicitPrompt.Extract(raw);
            PairTokens tokens = tokenizer.Tokenize(row);
            (string better, string worse) = (TextOf(row, "chosen"), TextOf(row, "rejected"));
            string question = PromptRows.Words(row);
            ScirPair pair = random.Next(2) == 0
                ? new(question, tokens.Prompt, tokens.Chosen, tokens.Rejected, better, worse) { Gold = 1 }
                : new(question, tokens.Prompt, tokens.Rejected, tokens.Chosen, worse, better) { Gold = -1 };
            if (tokens.Prompt.Length > 0 && sampler.Fits(pair)) pairs.Add(pair);
            else tooLong++;
        }
        if (tooLong > 0) run.Reporter.Warn($"{tooLong} anchor rows were too long or had no prompt and were left out.");
        int heldOut = (int)Math.Round(pairs.Count * heldOutShare);
        pairs = sampler.WithReference(pairs, reference);
        return new(pairs[heldOut..], pairs[..heldOut], judge);
    }

    /// <summary>A text, or what the messages of a list say.</summary>
    private static string TextOf(Row row, string field) => row.Fields[field] is JsonArray messages
        ? string.Join('\n', messages.Select(m => m?["content"]?.ToString() ?? ""))
        : row.Text(field);

    private static TrainingExample Taught(ScirPair pair, JudgePrompt judge)
    {
        TrainingSequence better = pair.Answers()[pair.Gold > 0 ? 0 : 1];
        bool judges = pair.Judged is null; // a model that is not the judge need not learn to be one
        float share = (judges ? 0.5f : 1) / Math.Max(1, better.Targets);
        if (!judges) return new(better with { Weights = [.. better.Weights.Select(w => w * share)] });
        (int forFirst, int forSecond) = pair.Gold > 0 ? (judge.FirstId, judge.SecondId) : (judge.SecondId, judge.FirstId);
        return new([
            better with { Weights = [.. better.Weights.Select(w => w * share)] },
            Verdict(judge.Tokens(pair.Question, pair.FirstText, pair.SecondText), forFirst),
            Verdict(judge.Tokens(pair.Question, pair.SecondText, pair.FirstText), forSecond)]);
    }

    private static TrainingSequence Verdict(int[] question, int verdict)
    {
        float[] weights = new float[question.Length + 1];
        weights[^1] = 0.25f;
        return new([.. question, verdict], weights);
    }
}
