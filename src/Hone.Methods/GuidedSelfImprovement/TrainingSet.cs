using Hone.Core;
using Hone.Data;
using Hone.Evaluation.Checkers;
using Hone.Models.Text;
using Hone.Training.Batching;

namespace Hone.Methods.GuidedSelfImprovement;

/// <summary>Chooses which kept solutions become rows. A row pairs the question WITHOUT its hint with the stored solution.</summary>
public static class TrainingSet
{
    /// <summary>The kept solutions of a sampling, at most <see cref="ImproveOptions.KeepPerQuestion"/> for each question, first come first.</summary>
    public static List<KeptSolution> Choose(IReadOnlyList<KeptSolution> kept, ImproveOptions options)
    {
        IEnumerable<KeptSolution> rows = options.CheckEquations ? kept.Where(k => EquationsHold(k.Text)) : kept;
        return options.KeepPerQuestion <= 0 ? [.. rows] : [.. rows.GroupBy(k => k.Item.Id).SelectMany(g => g.Take(options.KeepPerQuestion))];
    }

    /// <summary>Whether every equation in the text is true; text without equations passes.</summary>
    public static bool EquationsHold(string text) => EquationScanner.Scan(text).All(e => e.Holds);

    /// <summary>Rows as examples.</summary>
    public static List<TrainingExample> Examples(IEnumerable<KeptSolution> rows, ModelText text) =>
        [.. rows.Select(k => Example(text, k.Item.Question, k.Text))];

    /// <summary>The references themselves: the seed set.</summary>
    public static List<TrainingExample> Seed(IEnumerable<PoolItem> pool, ModelText text) =>
        [.. pool.Select(i => Example(text, i.Question, TaskRows.Completion(i.Row)))];

    private static TrainingExample Example(ModelText text, string question, string answer)
    {
        TokenizedCompletion tokens = text.QuestionAndAnswer(question, answer);
        return new(TrainingSequence.FromPrompt(tokens.Ids, tokens.PromptTokens));
    }
}
